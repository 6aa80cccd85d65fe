/* Lets GLib close blas_backend's memory scopes: g_auto (BkScratch).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "bk.h"

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BkScratch, bk_scratch_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BkArena, bk_arena_free)
