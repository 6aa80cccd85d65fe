/* Lets GLib close blas_backend's memory scopes: g_auto (BkScratch).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "bk.h"

/* Like g_new (), never NULL. */
static inline BkArena *
unclip_arena_measuring (BkContext *context)
{
  BkArena *arena = bk_arena_new_measuring (context);

  if (arena == NULL)
    g_error ("failed to allocate an arena that measures");
  return arena;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BkContext, bk_context_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BkScratch, bk_scratch_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BkArena, bk_arena_free)
