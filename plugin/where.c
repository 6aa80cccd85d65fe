/* See where.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "where.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "arguments.h"

#define MAX_GROW 500

/* ---- arguments ------------------------------------------------------------------------------------------- */

void
unclip_plugin_where_add_arguments (GimpProcedure *procedure)
{
  gimp_procedure_add_choice_argument (procedure, "context", _("Context"),
                                      _("What the model sees around a selection, of which nothing changes"),
                                      gimp_choice_new_with_values ("auto", UNCLIP_PLUGIN_CONTEXT_AUTO, _("A square half as large again"), NULL,
                                                                   "selection", UNCLIP_PLUGIN_CONTEXT_SELECTION, _("Nothing else"), NULL,
                                                                   "percent", UNCLIP_PLUGIN_CONTEXT_PERCENT, _("Padding, in percent of the longer side"), NULL,
                                                                   "pixels", UNCLIP_PLUGIN_CONTEXT_PIXELS, _("Padding, in pixels"), NULL,
                                                                   "layer", UNCLIP_PLUGIN_CONTEXT_LAYER, _("The whole layer"), NULL,
                                                                   NULL),
                                      "auto", G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (procedure, "padding", _("Padding"),
                                      _("How much the model sees on each side of the selection, where the context is padding"),
                                      0, 10000, 25, G_PARAM_READWRITE);
  gimp_procedure_add_int_argument (procedure, "grow", _("Grow"),
                                   _("Pixels by which the selection grows before the edit, or with a negative number shrinks; the image's own stays"),
                                   -MAX_GROW, MAX_GROW, 0, G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (procedure, "feather", _("Feather"),
                                      _("Pixels over which the selection's edge becomes soft; the image's own stays"),
                                      0, 1000, 0, G_PARAM_READWRITE);
  gimp_procedure_add_boolean_argument (procedure, "match-seam", _("Match colors at the seam"),
                                       _("Of a selection: the edit takes on the colors that are along its edge"),
                                       TRUE, G_PARAM_READWRITE);
  gimp_procedure_add_choice_argument (procedure, "source", _("Source"),
                                      _("What is edited of a layer that has effects"),
                                      gimp_choice_new_with_values ("own", FALSE, _("Its own pixels; the result has the effects, too"), NULL,
                                                                   "seen", TRUE, _("What is seen of it; the result has no effects"), NULL,
                                                                   NULL),
                                      "own", G_PARAM_READWRITE);
}

void
unclip_plugin_where_add_return_values (GimpProcedure *procedure)
{
  gimp_procedure_add_string_return_value (procedure, "used-context", _("Used context"), _("What the model saw around a selection"), NULL, G_PARAM_READWRITE);
  gimp_procedure_add_string_return_value (procedure, "used-source", _("Used source"), _("What was edited of a layer with effects"), NULL, G_PARAM_READWRITE);
}

static gboolean
has_arguments (GimpProcedureConfig *config)
{
  return g_object_class_find_property (G_OBJECT_GET_CLASS (config), "context") != NULL;
}

void
unclip_plugin_where_read (UnclipPluginWhere   *where,
                          GimpProcedureConfig *config)
{
  *where = (UnclipPluginWhere) { .selection = unclip_plugin_get_selection (config) };
  if (! has_arguments (config))
    return;
  where->context = gimp_procedure_config_get_choice_id (config, "context");
  where->is_seen = gimp_procedure_config_get_choice_id (config, "source");
  g_object_get (config, "padding", &where->padding, "grow", &where->grow, "feather", &where->feather, "match-seam", &where->matches_seam, NULL);
}

void
unclip_plugin_where_set_values (GimpProcedure       *procedure,
                                GimpProcedureConfig *config,
                                GimpValueArray      *values)
{
  g_autofree char *context = NULL, *source = NULL;

  if (! has_arguments (config))
    return;
  g_object_get (config, "context", &context, "source", &source, NULL);
  g_value_set_string (unclip_plugin_value (procedure, values, "used-context"), context);
  g_value_set_string (unclip_plugin_value (procedure, values, "used-source"), source);
}

/* ---- masks ------------------------------------------------------------------------------------------------- */

/* Each value of @in [n] becomes the largest that is at most @reach away; @stack has room for n places. */
static void
spread (const float *in,
        float       *out,
        int          n,
        int          reach,
        int         *stack)
{
  int first = 0, last = 0; /* places whose values fall, of which the first is the largest in reach */

  for (int x = 0; x < n + reach; x++)
    {
      if (x < n)
        {
          while (last > first && in[stack[last - 1]] <= in[x])
            last--;
          stack[last++] = x;
        }
      if (x >= reach)
        {
          if (stack[first] < x - 2 * reach)
            first++;
          out[x - reach] = in[stack[first]];
        }
    }
}

/* Mask [height, width]: each value becomes the largest in a disc around it. */
static void
dilate (float *mask,
        int    width,
        int    height,
        int    radius)
{
  gsize             n = (gsize) width * height;
  g_autofree float *out = g_memdup2 (mask, n * sizeof (float)), *row = g_new (float, width);
  g_autofree int   *stack = g_new (int, width);

  for (int dy = -radius; dy <= radius; dy++)
    {
      int reach = (int) sqrt ((double) radius * radius - (double) dy * dy);

      for (int y = MAX (0, -dy); y < MIN (height, height - dy); y++)
        {
          float *to = out + (gsize) y * width;

          spread (mask + (gsize) (y + dy) * width, row, width, MIN (reach, width), stack);
          for (int x = 0; x < width; x++)
            to[x] = MAX (to[x], row[x]);
        }
    }
  memcpy (mask, out, n * sizeof (float));
}

static void
grow (float *mask,
      int    width,
      int    height,
      int    pixels)
{
  gsize n = (gsize) width * height;

  if (pixels > 0)
    {
      dilate (mask, width, height, pixels);
      return;
    }
  for (gsize i = 0; i < n; i++)
    mask[i] = 1 - mask[i];
  dilate (mask, width, height, -pixels);
  for (gsize i = 0; i < n; i++)
    mask[i] = 1 - mask[i];
}

/* By what GIMP takes for a radius. */
static void
feather (float *mask,
         int    width,
         int    height,
         double radius)
{
  g_autoptr (GeglBuffer) sharp = gegl_buffer_new (GEGL_RECTANGLE (0, 0, width, height), babl_format ("Y float"));
  g_autoptr (GeglBuffer) soft = gegl_buffer_new (GEGL_RECTANGLE (0, 0, width, height), babl_format ("Y float"));
  double deviation = radius / 3.5;

  gegl_buffer_set (sharp, NULL, 0, babl_format ("Y float"), mask, GEGL_AUTO_ROWSTRIDE);
  gegl_render_op (sharp, soft, "gegl:gaussian-blur", "std-dev-x", deviation, "std-dev-y", deviation, "abyss-policy", 1 /* clamp */, NULL);
  gegl_buffer_get (soft, NULL, 1, babl_format ("Y float"), mask, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
}

void
unclip_plugin_where_adjust (const UnclipPluginWhere *where,
                            UnclipPluginPixels      *selection)
{
  const Babl       *format = babl_format ("Y float");
  int               width = selection->width, height = selection->height;
  g_autofree float *mask = NULL;

  if (selection->rows == NULL || (where->grow == 0 && where->feather <= 0))
    return;
  mask = g_new (float, (gsize) width * height);
  babl_process (babl_fish (selection->format, format), selection->rows, mask, (glong) width * height);
  if (where->grow != 0)
    grow (mask, width, height, where->grow);
  if (where->feather > 0)
    feather (mask, width, height, where->feather);
  for (gsize i = 0; i < (gsize) width * height; i++)
    /* The tail of the bell, too faint to be seen, would have the model look at all of the layer. */
    mask[i] = mask[i] < 1.0f / 1024 ? 0 : MIN (mask[i], 1);
  babl_process (babl_fish (format, selection->format), mask, selection->rows, (glong) width * height);
}

/* ---- context ------------------------------------------------------------------------------------------------ */

/* Where along one axis to work: @length from @start are wanted, @side would be good, and there are only
 * @limit pixels. */
static void
widen (int *start,
       int *length,
       int  side,
       int  limit)
{
  int widened = CLAMP (side, *length, limit);

  *start = CLAMP (*start + *length / 2 - widened / 2, 0, limit - widened);
  *length = widened;
}

GeglRectangle
unclip_plugin_where_widen (const UnclipPluginWhere *where,
                           const GeglRectangle     *bounds,
                           int                      width,
                           int                      height)
{
  GeglRectangle rect = *bounds, all = { 0, 0, width, height };
  int           longest = MAX (rect.width, rect.height), side = longest + MIN (longest / 2, G_MAXINT - longest), padding;

  switch (where->context)
    {
    case UNCLIP_PLUGIN_CONTEXT_SELECTION:
      break;
    case UNCLIP_PLUGIN_CONTEXT_LAYER:
      rect = all;
      break;
    case UNCLIP_PLUGIN_CONTEXT_PERCENT:
    case UNCLIP_PLUGIN_CONTEXT_PIXELS:
      padding = (int) MIN (round (where->padding * (where->context == UNCLIP_PLUGIN_CONTEXT_PERCENT ? longest / 100.0 : 1)), MAX (width, height));
      rect = (GeglRectangle) { rect.x - padding, rect.y - padding, rect.width + 2 * padding, rect.height + 2 * padding };
      gegl_rectangle_intersect (&rect, &rect, &all);
      break;
    default:
      widen (&rect.x, &rect.width, side, width);
      widen (&rect.y, &rect.height, side, height);
    }
  return rect;
}
