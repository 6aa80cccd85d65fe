/* Numbers that are none: what damaged weights make of a picture.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether none of @n values is infinite or not a number. Costs about what reading them does. */
gboolean unclip_is_finite (const float *values, gsize n);

/**
 * unclip_check_finite:
 * @component: whose result it is, for the message
 * @values: (array length=n) (nullable): as a network that only measures has none
 *
 * To be asked of what each network gives and of each state that is made of it: what is no number would become black.
 * Errors: %UNCLIP_ERROR_MODEL, as a sound network makes no such value of sound ones.
 */
gboolean unclip_check_finite (const char *component, const float *values, gsize n, GError **error);

G_END_DECLS
