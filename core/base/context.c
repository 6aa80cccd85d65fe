/* See context.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "context.h"

#include <glib/gi18n-lib.h>

gboolean
unclip_context_init (BkContext           *context,
                     const UnclipOptions *options,
                     GError             **error)
{
  BkReady ready = bk_context_init (context, options->n_threads);

  context->type = unclip_precision_is_bf16 (options->precision) ? BK_BF16 : BK_F32;
  if (ready == BK_NO_BLAS)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MISSING,
                 _("This computer's processor needs OpenBLAS to multiply with, which is not there; install libopenblas0 or what it is called on your system"));
  else if (ready == BK_NO_MEMORY)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for OpenBLAS; close other programs, or raise the limit on memory"));
  else if (context->n_threads < options->n_threads)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY,
                 _("The system grants %d of the %d threads that were asked for; ask for fewer, or raise the limit on processes"),
                 context->n_threads, options->n_threads);
  else
    return TRUE;

  bk_context_clear (context);
  return FALSE;
}
