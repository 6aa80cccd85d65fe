/* See needs.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "needs.h"

#include <glib/gi18n-lib.h>

static gboolean
is_among (const char *const *names,
          const char        *name)
{
  return names != NULL && g_strv_contains (names, name);
}

char *
unclip_plugin_lacking (const UnclipPluginDescriptor *descriptor,
                       UnclipModel                  *model)
{
  g_autoptr (GPtrArray) infos = unclip_model_info (model);
  const UnclipComponentInfo *lacking = NULL;
  gboolean has_one = descriptor->needs_one_of == NULL;

  for (guint i = 0; i < infos->len; i++)
    {
      const UnclipComponentInfo *info = g_ptr_array_index (infos, i);

      if (info->problem != NULL && (info->required || is_among (descriptor->needs, info->name)))
        return g_strdup_printf (_("%s: %s"), info->name, info->problem);
      if (! is_among (descriptor->needs_one_of, info->name))
        continue;
      if (info->problem == NULL)
        has_one = TRUE;
      else if (lacking == NULL)
        lacking = info;
    }
  return has_one || lacking == NULL ? NULL : g_strdup_printf (_("%s: %s"), lacking->name, lacking->problem);
}
