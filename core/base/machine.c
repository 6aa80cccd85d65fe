/* See machine.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "machine.h"

#include "context.h"
#include "memory.h"

gboolean
unclip_machine (UnclipMachine *machine,
                GError       **error)
{
  UnclipOptions options;
  BkContext     context;

  unclip_options_init (&options);
  if (! unclip_context_init (&context, &options, error))
    return FALSE;
  machine->cpu_level = bk_cpu_level ();
  machine->bf16_is_fast = bk_bf16_is_fast ();
  machine->n_threads = context.n_threads;
  machine->memory = unclip_memory_available ();
  bk_context_clear (&context);
  return TRUE;
}
