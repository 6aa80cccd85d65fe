/* See preview.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "dialog/preview.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* Pixels: least size, how near to the split one takes hold of it, and of the squares behind what can be seen through. */
#define MIN_WIDTH 200
#define MIN_HEIGHT 140
#define HOLD 12
#define CHECK 8
/* Of the line around what is selected. */
#define DASH 4
/* Of a step of the zoom, and how far it goes. */
#define ZOOM_STEP 1.5
#define MAX_ZOOM 16.0
/* Of the split, by a key. */
#define SPLIT_STEP 0.05

struct _UnclipPluginPreview
{
  GtkDrawingArea   parent_instance;
  cairo_surface_t *before, *after;
  int              width, height; /* of the picture */
  GArray          *outline;       /* of what is selected: x and y of both ends of each line, floats */
  gboolean         is_blank;
  double           split;         /* share of the picture that shows the one before */
  double           zoom;          /* 0: as it fits */
  double           pan_x, pan_y;  /* of the picture's middle, in the widget's pixels */
  gboolean         moves_split, pans;
  double           last_x, last_y;
};

G_DEFINE_TYPE (UnclipPluginPreview, unclip_plugin_preview, GTK_TYPE_DRAWING_AREA)

/* ---- pictures ------------------------------------------------------------------------------------------------ */

static guint32
byte_of (float value)
{
  return (guint32) (CLAMP (value, 0.0f, 1.0f) * 255.0f + 0.5f);
}

cairo_surface_t *
unclip_plugin_surface_new (const UnclipImage *image)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, image->width, image->height);
  guint8          *data = cairo_image_surface_get_data (surface);
  int              stride = cairo_image_surface_get_stride (surface), n = image->n_channels;

  for (int y = 0; data != NULL && y < image->height; y++)
    for (int x = 0; x < image->width; x++)
      {
        const float *pixel = image->pixels + ((gsize) y * image->width + x) * n;
        float        alpha = n == 4 ? CLAMP (pixel[3], 0.0f, 1.0f) : 1.0f;

        ((guint32 *) (data + (gsize) y * stride))[x] = byte_of (alpha) << 24 | byte_of (pixel[0] * alpha) << 16 | byte_of (pixel[1] * alpha) << 8 | byte_of (pixel[2] * alpha);
      }
  cairo_surface_mark_dirty (surface);
  return surface;
}

static void
add_line (GArray *outline,
          float   x0,
          float   y0,
          float   x1,
          float   y1)
{
  const float line[] = { x0, y0, x1, y1 };

  g_array_append_vals (outline, line, 4);
}

/* Between pixels that are more selected than not and those that are less. */
static void
find_outline (UnclipPluginPreview     *preview,
              const UnclipPluginSight *sight)
{
  int width = sight->picture->width, height = sight->picture->height;

  g_array_set_size (preview->outline, 0);
  if (sight->selected == NULL)
    return;
  for (int y = 0; y <= height; y++)
    for (int x = 0; x <= width; x++)
      {
        gboolean here = x < width && y < height && sight->selected[(gsize) y * width + x] >= 0.5f;
        gboolean left = x > 0 && y < height && sight->selected[(gsize) y * width + x - 1] >= 0.5f;
        gboolean above = x < width && y > 0 && sight->selected[(gsize) (y - 1) * width + x] >= 0.5f;

        if (y < height && here != left)
          add_line (preview->outline, x, y, x, y + 1);
        if (x < width && here != above)
          add_line (preview->outline, x, y, x + 1, y);
      }
}

void
unclip_plugin_preview_set_sight (UnclipPluginPreview     *preview,
                                 const UnclipPluginSight *sight)
{
  g_clear_pointer (&preview->before, cairo_surface_destroy);
  g_clear_pointer (&preview->after, cairo_surface_destroy);
  preview->width = sight->picture->width;
  preview->height = sight->picture->height;
  preview->is_blank = sight->is_blank;
  preview->before = unclip_plugin_surface_new (sight->picture);
  find_outline (preview, sight);
  gtk_widget_queue_draw (GTK_WIDGET (preview));
}

void
unclip_plugin_preview_set_after (UnclipPluginPreview *preview,
                                 const UnclipImage   *after)
{
  g_clear_pointer (&preview->after, cairo_surface_destroy);
  if (after != NULL)
    preview->after = unclip_plugin_surface_new (after);
  gtk_widget_queue_draw (GTK_WIDGET (preview));
}

/* ---- where things are ------------------------------------------------------------------------------------------ */

/* Where the picture is in the widget, and how large a pixel of it. */
typedef struct
{
  double x, y, scale;
} View;

static View
view_of (UnclipPluginPreview *preview)
{
  double width = gtk_widget_get_allocated_width (GTK_WIDGET (preview)), height = gtk_widget_get_allocated_height (GTK_WIDGET (preview));
  double fit = MIN (width / MAX (preview->width, 1), height / MAX (preview->height, 1));
  double scale = preview->zoom > 0 ? preview->zoom : fit;

  return (View) { (width - preview->width * scale) / 2 + preview->pan_x, (height - preview->height * scale) / 2 + preview->pan_y, scale };
}

static gboolean
has_split (UnclipPluginPreview *preview)
{
  return preview->after != NULL && ! preview->is_blank;
}

static double
split_x (UnclipPluginPreview *preview)
{
  View view = view_of (preview);

  return view.x + preview->split * preview->width * view.scale;
}

static void
set_split (UnclipPluginPreview *preview,
           double               split)
{
  preview->split = CLAMP (split, 0, 1);
  gtk_widget_queue_draw (GTK_WIDGET (preview));
}

/* @factor: 0: as it fits */
static void
zoom_by (UnclipPluginPreview *preview,
         double               factor)
{
  double scale = view_of (preview).scale, zoom = CLAMP (scale * factor, 1 / MAX_ZOOM, MAX_ZOOM);

  preview->zoom = factor > 0 ? zoom : 0;
  preview->pan_x = factor > 0 ? preview->pan_x * zoom / scale : 0;
  preview->pan_y = factor > 0 ? preview->pan_y * zoom / scale : 0;
  gtk_widget_queue_draw (GTK_WIDGET (preview));
}

/* ---- drawing ------------------------------------------------------------------------------------------------------ */

static void
draw_checks (cairo_t *cr,
             double   x,
             double   y,
             double   width,
             double   height)
{
  cairo_save (cr);
  cairo_rectangle (cr, x, y, width, height);
  cairo_clip (cr);
  cairo_set_source_rgb (cr, 0.6, 0.6, 0.6);
  cairo_paint (cr);
  cairo_set_source_rgb (cr, 0.4, 0.4, 0.4);
  for (int i = 0; i * CHECK < height; i++)
    for (int j = i % 2; j * CHECK < width; j += 2)
      cairo_rectangle (cr, x + j * CHECK, y + i * CHECK, CHECK, CHECK);
  cairo_fill (cr);
  cairo_restore (cr);
}

/* What is on the left or right of the split. */
static void
draw_picture (UnclipPluginPreview *preview,
              cairo_t             *cr,
              cairo_surface_t     *surface,
              double               from,
              double               to)
{
  View   view = view_of (preview);
  double width = cairo_image_surface_get_width (surface), height = cairo_image_surface_get_height (surface);

  cairo_save (cr);
  cairo_rectangle (cr, from, 0, MAX (to - from, 0), gtk_widget_get_allocated_height (GTK_WIDGET (preview)));
  cairo_clip (cr);
  cairo_translate (cr, view.x, view.y);
  cairo_scale (cr, preview->width * view.scale / width, preview->height * view.scale / height);
  cairo_set_source_surface (cr, surface, 0, 0);
  /* Without this the border would fade into what is behind it. */
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_rectangle (cr, 0, 0, width, height);
  cairo_fill (cr);
  cairo_restore (cr);
}

static void
draw_outline (UnclipPluginPreview *preview,
              cairo_t             *cr)
{
  View view = view_of (preview);

  /* White and black by turns along the line, which is in pieces of a pixel each. */
  cairo_set_line_width (cr, 1);
  for (int white = 0; white < 2; white++)
    {
      for (guint i = 0; i + 3 < preview->outline->len; i += 4)
        {
          const float *line = &g_array_index (preview->outline, float, i);

          if (((int) ((line[0] + line[1]) * view.scale) / DASH) % 2 != white)
            continue;
          cairo_move_to (cr, floor (view.x + line[0] * view.scale) + 0.5, floor (view.y + line[1] * view.scale) + 0.5);
          cairo_line_to (cr, floor (view.x + line[2] * view.scale) + 0.5, floor (view.y + line[3] * view.scale) + 0.5);
        }
      cairo_set_source_rgb (cr, white, white, white);
      cairo_stroke (cr);
    }
}

/* A word over the picture, at its left or right end. */
static void
draw_word (UnclipPluginPreview *preview,
           cairo_t             *cr,
           const char          *word,
           double               x,
           double               y,
           gboolean             ends_there)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (GTK_WIDGET (preview), word);
  int width, height;

  pango_layout_get_pixel_size (layout, &width, &height);
  if (ends_there)
    x -= width + 12;
  cairo_rectangle (cr, x, y, width + 12, height + 4);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.6);
  cairo_fill (cr);
  cairo_move_to (cr, x + 6, y + 2);
  cairo_set_source_rgb (cr, 1, 1, 1);
  pango_cairo_show_layout (cr, layout);
}

static void
draw_split (UnclipPluginPreview *preview,
            cairo_t             *cr)
{
  View   view = view_of (preview);
  double x = floor (split_x (preview)) + 0.5, top = MAX (view.y, 0);
  double bottom = MIN (view.y + preview->height * view.scale, gtk_widget_get_allocated_height (GTK_WIDGET (preview)));
  double left = MAX (view.x, 0), right = MIN (view.x + preview->width * view.scale, gtk_widget_get_allocated_width (GTK_WIDGET (preview)));

  if (preview->split > 0)
    draw_word (preview, cr, _("Before"), left + 6, top + 6, FALSE);
  if (preview->split < 1)
    draw_word (preview, cr, _("After"), right - 6, top + 6, TRUE);
  for (int pass = 0; pass < 2; pass++)
    {
      cairo_set_line_width (cr, pass == 0 ? 3 : 1);
      cairo_set_source_rgba (cr, pass, pass, pass, pass == 0 ? 0.5 : 1);
      cairo_move_to (cr, x, top);
      cairo_line_to (cr, x, bottom);
      cairo_stroke (cr);
    }
  cairo_arc (cr, x, (top + bottom) / 2, 7, 0, 2 * G_PI);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_fill_preserve (cr);
  cairo_set_source_rgba (cr, 0, 0, 0, 0.7);
  cairo_stroke (cr);
  cairo_move_to (cr, x - 2, (top + bottom) / 2 - 3);
  cairo_rel_line_to (cr, -3, 3);
  cairo_rel_line_to (cr, 3, 3);
  cairo_move_to (cr, x + 2, (top + bottom) / 2 - 3);
  cairo_rel_line_to (cr, 3, 3);
  cairo_rel_line_to (cr, -3, 3);
  cairo_stroke (cr);
}

static gboolean
draw (GtkWidget *widget,
      cairo_t   *cr)
{
  UnclipPluginPreview *preview = UNCLIP_PLUGIN_PREVIEW (widget);
  GtkStyleContext     *style = gtk_widget_get_style_context (widget);
  int                  width = gtk_widget_get_allocated_width (widget), height = gtk_widget_get_allocated_height (widget);
  View                 view = view_of (preview);

  gtk_render_background (style, cr, 0, 0, width, height);
  if (preview->before == NULL)
    return FALSE;
  draw_checks (cr, view.x, view.y, preview->width * view.scale, preview->height * view.scale);
  if (! has_split (preview))
    {
      draw_picture (preview, cr, preview->after != NULL ? preview->after : preview->before, 0, width);
      draw_outline (preview, cr);
    }
  else
    {
      draw_picture (preview, cr, preview->before, 0, split_x (preview));
      draw_picture (preview, cr, preview->after, split_x (preview), width);
      draw_outline (preview, cr);
      draw_split (preview, cr);
    }
  if (gtk_widget_has_visible_focus (widget))
    gtk_render_focus (style, cr, 0, 0, width, height);
  return FALSE;
}

/* ---- mouse and keys -------------------------------------------------------------------------------------------------- */

static gboolean
press (GtkWidget      *widget,
       GdkEventButton *event)
{
  UnclipPluginPreview *preview = UNCLIP_PLUGIN_PREVIEW (widget);

  gtk_widget_grab_focus (widget);
  preview->moves_split = event->button == GDK_BUTTON_PRIMARY && has_split (preview) && (preview->zoom == 0 || fabs (event->x - split_x (preview)) <= HOLD);
  preview->pans = ! preview->moves_split;
  preview->last_x = event->x;
  preview->last_y = event->y;
  if (preview->moves_split)
    set_split (preview, (event->x - view_of (preview).x) / (preview->width * view_of (preview).scale));
  return TRUE;
}

static gboolean
release (GtkWidget      *widget,
         GdkEventButton *event)
{
  UnclipPluginPreview *preview = UNCLIP_PLUGIN_PREVIEW (widget);

  preview->moves_split = preview->pans = FALSE;
  return TRUE;
}

static gboolean
move (GtkWidget      *widget,
      GdkEventMotion *event)
{
  UnclipPluginPreview *preview = UNCLIP_PLUGIN_PREVIEW (widget);
  View                 view = view_of (preview);

  if (preview->moves_split)
    set_split (preview, (event->x - view.x) / (preview->width * view.scale));
  else if (preview->pans && preview->zoom > 0)
    {
      preview->pan_x += event->x - preview->last_x;
      preview->pan_y += event->y - preview->last_y;
      gtk_widget_queue_draw (widget);
    }
  preview->last_x = event->x;
  preview->last_y = event->y;
  return TRUE;
}

static gboolean
scroll (GtkWidget      *widget,
        GdkEventScroll *event)
{
  if (event->direction == GDK_SCROLL_UP)
    zoom_by (UNCLIP_PLUGIN_PREVIEW (widget), ZOOM_STEP);
  else if (event->direction == GDK_SCROLL_DOWN)
    zoom_by (UNCLIP_PLUGIN_PREVIEW (widget), 1 / ZOOM_STEP);
  else
    return FALSE;
  return TRUE;
}

static gboolean
key (GtkWidget   *widget,
     GdkEventKey *event)
{
  UnclipPluginPreview *preview = UNCLIP_PLUGIN_PREVIEW (widget);

  switch (event->keyval)
    {
    case GDK_KEY_Left:
      set_split (preview, preview->split - SPLIT_STEP);
      return TRUE;
    case GDK_KEY_Right:
      set_split (preview, preview->split + SPLIT_STEP);
      return TRUE;
    case GDK_KEY_Home:
      set_split (preview, 0);
      return TRUE;
    case GDK_KEY_End:
      set_split (preview, 1);
      return TRUE;
    case GDK_KEY_plus:
    case GDK_KEY_KP_Add:
      zoom_by (preview, ZOOM_STEP);
      return TRUE;
    case GDK_KEY_minus:
    case GDK_KEY_KP_Subtract:
      zoom_by (preview, 1 / ZOOM_STEP);
      return TRUE;
    case GDK_KEY_0:
      zoom_by (preview, 0);
      return TRUE;
    default:
      return GTK_WIDGET_CLASS (unclip_plugin_preview_parent_class)->key_press_event (widget, event);
    }
}

/* ---- the widget -------------------------------------------------------------------------------------------------------- */

static void
finalize (GObject *object)
{
  UnclipPluginPreview *preview = UNCLIP_PLUGIN_PREVIEW (object);

  g_clear_pointer (&preview->before, cairo_surface_destroy);
  g_clear_pointer (&preview->after, cairo_surface_destroy);
  g_array_unref (preview->outline);
  G_OBJECT_CLASS (unclip_plugin_preview_parent_class)->finalize (object);
}

static void
unclip_plugin_preview_class_init (UnclipPluginPreviewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = finalize;
  widget_class->draw = draw;
  widget_class->button_press_event = press;
  widget_class->button_release_event = release;
  widget_class->motion_notify_event = move;
  widget_class->scroll_event = scroll;
  widget_class->key_press_event = key;
}

static void
unclip_plugin_preview_init (UnclipPluginPreview *preview)
{
  GtkWidget *widget = GTK_WIDGET (preview);

  preview->outline = g_array_new (FALSE, FALSE, sizeof (float));
  preview->split = 0.5;
  gtk_style_context_add_class (gtk_widget_get_style_context (widget), GTK_STYLE_CLASS_VIEW);
  gtk_widget_set_can_focus (widget, TRUE);
  gtk_widget_set_size_request (widget, MIN_WIDTH, MIN_HEIGHT);
  gtk_widget_add_events (widget, GDK_BUTTON_PRESS_MASK | GDK_BUTTON_RELEASE_MASK | GDK_BUTTON_MOTION_MASK | GDK_SCROLL_MASK | GDK_KEY_PRESS_MASK);
  gtk_widget_set_tooltip_text (widget, _("Before and after: drag the split, or move it with the arrow keys; plus, minus and 0 zoom"));
  atk_object_set_name (gtk_widget_get_accessible (widget), _("Preview"));
}

GtkWidget *
unclip_plugin_preview_new (void)
{
  return g_object_new (UNCLIP_TYPE_PLUGIN_PREVIEW, NULL);
}

static void
zoom_out (UnclipPluginPreview *preview)
{
  zoom_by (preview, 1 / ZOOM_STEP);
}

static void
zoom_fit (UnclipPluginPreview *preview)
{
  zoom_by (preview, 0);
}

static void
zoom_in (UnclipPluginPreview *preview)
{
  zoom_by (preview, ZOOM_STEP);
}

GtkWidget *
unclip_plugin_preview_zoom_new (UnclipPluginPreview *preview)
{
  static const struct
  {
    const char *icon, *name;
    void      (*zoom) (UnclipPluginPreview *preview);
  } zooms[] = {
    { "zoom-out-symbolic", N_("Zoom out"), zoom_out },
    { "zoom-fit-best-symbolic", N_("Fit the preview"), zoom_fit },
    { "zoom-in-symbolic", N_("Zoom in"), zoom_in },
  };
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);

  gtk_style_context_add_class (gtk_widget_get_style_context (box), GTK_STYLE_CLASS_LINKED);
  for (guint i = 0; i < G_N_ELEMENTS (zooms); i++)
    {
      GtkWidget *button = gtk_button_new_from_icon_name (zooms[i].icon, GTK_ICON_SIZE_BUTTON);

      gtk_widget_set_tooltip_text (button, _(zooms[i].name));
      atk_object_set_name (gtk_widget_get_accessible (button), _(zooms[i].name));
      g_signal_connect_swapped (button, "clicked", G_CALLBACK (zooms[i].zoom), preview);
      gtk_box_pack_start (GTK_BOX (box), button, FALSE, FALSE, 0);
    }
  return box;
}
