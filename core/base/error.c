/* The error domain.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "error.h"

G_DEFINE_QUARK (unclip-error-quark, unclip_error)
