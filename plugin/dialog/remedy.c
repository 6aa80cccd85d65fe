/* See remedy.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "dialog/remedy.h"

#include <glib/gi18n-lib.h>

UnclipPluginRemedy
unclip_plugin_remedy_of (UnclipPluginInput input,
                         GimpImage        *image,
                         GimpDrawable    **drawables)
{
  gboolean takes_one = input == UNCLIP_PLUGIN_LAYER || input == UNCLIP_PLUGIN_PART;

  if (image == NULL || ! gimp_image_is_valid (image))
    return UNCLIP_PLUGIN_NO_REMEDY;
  if (gimp_image_get_base_type (image) == GIMP_INDEXED)
    return UNCLIP_PLUGIN_CONVERT;
  if (takes_one && drawables != NULL && drawables[0] != NULL && drawables[1] != NULL)
    return UNCLIP_PLUGIN_SELECT_ONE;
  return UNCLIP_PLUGIN_LOOK_AGAIN;
}

const char *
unclip_plugin_remedy_label (UnclipPluginRemedy remedy)
{
  switch (remedy)
    {
    case UNCLIP_PLUGIN_CONVERT:
      return _("Convert to RGB");
    case UNCLIP_PLUGIN_SELECT_ONE:
      return _("Select One Layer");
    case UNCLIP_PLUGIN_LOOK_AGAIN:
      return _("Look Again");
    default:
      return NULL;
    }
}

GimpDrawable **
unclip_plugin_remedy_apply (UnclipPluginRemedy remedy,
                            GimpImage         *image)
{
  if (remedy == UNCLIP_PLUGIN_CONVERT)
    gimp_image_convert_rgb (image);
  if (remedy == UNCLIP_PLUGIN_SELECT_ONE)
    {
      g_autofree GimpLayer **layers = gimp_image_get_selected_layers (image);

      if (layers != NULL && layers[0] != NULL)
        gimp_image_set_selected_layers (image, (const GimpLayer *[]) { layers[0], NULL });
    }
  gimp_displays_flush ();
  return gimp_image_get_selected_drawables (image);
}
