/* From the model's square back to the picture's own size and shape, in strips.
 *
 * The picture keeps its own fine detail: the model sees a small square, so whatever it did not change is taken from
 * the original, and only what it did change is enlarged from its result.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "framing.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Differences of colour, of 1, that the eye does not see, and those that are surely an edit. */
#define UNCHANGED 0.02f
#define CHANGED 0.10f

/* ---- threads --------------------------------------------------------------------------------------------- */

#define MAX_THREADS 64

/* Rows [from, to); @thread counts from 0. */
typedef void (*RowsFunc) (int from, int to, int thread, gpointer data);

typedef struct
{
  RowsFunc func;
  int      from, to, thread;
  gpointer data;
} Share;

static gpointer
run_share (gpointer data)
{
  Share *share = data;

  share->func (share->from, share->to, share->thread, share->data);
  return NULL;
}

/* @func on @n rows, shared out among @n_threads threads, fewer if the machine refuses them. No row depends on another, so that
 * the result is the same for any number. */
static void
share_rows (RowsFunc func, int n, int n_threads, gpointer data)
{
  Share    shares[MAX_THREADS];
  GThread *threads[MAX_THREADS];

  for (int i = 0; i < n_threads; i++)
    {
      shares[i] = (Share) { func, (int) ((gint64) n * i / n_threads), (int) ((gint64) n * (i + 1) / n_threads), i, data };
      threads[i] = i > 0 ? g_thread_try_new ("unclip-rows", run_share, &shares[i], NULL) : NULL;
    }
  for (int i = 0; i < n_threads; i++)
    if (threads[i] == NULL)
      run_share (&shares[i]);
  for (int i = 0; i < n_threads; i++)
    if (threads[i] != NULL)
      g_thread_join (threads[i]);
}

static int
count_threads (const UnclipOptions *options)
{
  return CLAMP (options->n_threads > 0 ? options->n_threads : (int) g_get_num_processors (), 1, MAX_THREADS);
}

/* ---- what was edited --------------------------------------------------------------------------------------- */

static float
smooth_step (float from, float to, float value)
{
  float t = CLAMP ((value - from) / (to - from), 0.0f, 1.0f);

  return t * t * (3.0f - 2.0f * t);
}

/* Two squares and what differs between them; without the first, everything. */
typedef struct
{
  const UnclipImage *before, *after;
  UnclipFraming      framing;
  int                size, r; /* r: how far a pixel's neighbours reach */
  float             *edit; /* [size, size, 4]: the difference, and how surely a pixel was edited, 0 to 1 */
  float             *sure, *other; /* [size, size] */
} Difference;

static void
subtract (int from, int to, int thread, gpointer data)
{
  Difference *d = data;

  for (gsize i = (gsize) from * d->size; i < (gsize) to * d->size; i++)
    {
      float most = 0;

      if (d->before == NULL)
        {
          /* What is there is not moved, it is covered. */
          memset (d->edit + 4 * i, 0, 3 * sizeof *d->edit);
          d->sure[i] = 1;
          continue;
        }

      for (int c = 0; c < 3; c++)
        {
          float value = d->after->pixels[i * d->after->n_channels + c] - d->before->pixels[i * d->before->n_channels + c];

          d->edit[4 * i + c] = value;
          most = MAX (most, fabsf (value));
        }
      d->sure[i] = smooth_step (UNCHANGED, CHANGED, most);
    }
}

/* The largest value among 2 r + 1 neighbours across, then down; the same for the mean. From one array to the other: a square
 * is as good as its sides. */
static void
largest_across (int from, int to, int thread, gpointer data)
{
  Difference *d = data;

  for (int y = from; y < to; y++)
    {
      const float *in = d->sure + (gsize) y * d->size;
      float       *out = d->other + (gsize) y * d->size;

      for (int x = 0; x < d->size; x++)
        {
          float most = 0;

          for (int i = MAX (x - d->r, 0); i <= MIN (x + d->r, d->size - 1); i++)
            most = MAX (most, in[i]);
          out[x] = most;
        }
    }
}

static void
largest_down (int from, int to, int thread, gpointer data)
{
  Difference *d = data;

  for (int y = from; y < to; y++)
    {
      float *out = d->sure + (gsize) y * d->size;

      memset (out, 0, d->size * sizeof *out);
      for (int i = MAX (y - d->r, 0); i <= MIN (y + d->r, d->size - 1); i++)
        {
          const float *in = d->other + (gsize) i * d->size;

          for (int x = 0; x < d->size; x++)
            out[x] = MAX (out[x], in[x]);
        }
    }
}

static void
mean_across (int from, int to, int thread, gpointer data)
{
  Difference *d = data;

  for (int y = from; y < to; y++)
    {
      const float *in = d->sure + (gsize) y * d->size;
      float       *out = d->other + (gsize) y * d->size;

      for (int x = 0; x < d->size; x++)
        {
          int   first = MAX (x - d->r, 0), last = MIN (x + d->r, d->size - 1);
          float sum = 0;

          for (int i = first; i <= last; i++)
            sum += in[i];
          out[x] = sum / (last - first + 1);
        }
    }
}

static void
mean_down (int from, int to, int thread, gpointer data)
{
  Difference *d = data;

  for (int y = from; y < to; y++)
    {
      int    first = MAX (y - d->r, 0), last = MIN (y + d->r, d->size - 1);
      float *out = d->sure + (gsize) y * d->size;

      memset (out, 0, d->size * sizeof *out);
      for (int i = first; i <= last; i++)
        for (int x = 0; x < d->size; x++)
          out[x] += d->other[(gsize) i * d->size + x];
      for (int x = 0; x < d->size; x++)
        out[x] /= last - first + 1;
    }
}

static void
weigh (int from, int to, int thread, gpointer data)
{
  Difference *d = data;
  int         last = d->size - 1;

  for (int y = from; y < to; y++)
    for (int x = 0; x < d->size; x++)
      {
        float *pixel = d->edit + ((gsize) y * d->size + x) * 4;
        float  edge = 1.0f, most = MAX (fabsf (pixel[0]), MAX (fabsf (pixel[1]), fabsf (pixel[2])));

        /* A cropped square meets the untouched rest of the picture at its rim. */
        if (d->framing == UNCLIP_FRAMING_CROP)
          edge = smooth_step (-0.5f, 2.0f * d->r + 0.5f, MIN (MIN (x, y), MIN (last - x, last - y)));
        pixel[3] = d->sure[(gsize) y * d->size + x] * edge;
        /* What is too small to be seen is the network's rounding and not an edit. */
        for (int c = 0; c < 3; c++)
          pixel[c] *= smooth_step (0.25f * UNCHANGED, UNCHANGED, MAX (most, pixel[3] * UNCHANGED)) * edge;
      }
}

/* [size, size, 4]; transfer full. */
static float *
difference (const UnclipImage *before, const UnclipImage *after, UnclipFraming framing, int n_threads)
{
  int               size = after->width;
  gsize             n_pixels = (gsize) size * size;
  g_autofree float *edit = g_try_new (float, 4 * n_pixels), *sure = g_try_new (float, n_pixels), *other = g_try_new (float, n_pixels);
  Difference        d = { before, after, framing, size, MAX (size / 64, 1), edit, sure, other };

  if (edit == NULL || sure == NULL || other == NULL)
    return NULL;
  share_rows (subtract, size, n_threads, &d);
  /* An edited object takes its rim along, and ends softly. */
  share_rows (largest_across, size, n_threads, &d);
  share_rows (largest_down, size, n_threads, &d);
  share_rows (mean_across, size, n_threads, &d);
  share_rows (mean_down, size, n_threads, &d);
  share_rows (weigh, size, n_threads, &d);
  return g_steal_pointer (&edit);
}

/* ---- enlarged ------------------------------------------------------------------------------------------------- */

/* The part of a square that shows the picture, and how its pixels make the picture's. */
typedef struct
{
  const float *pixels;   /* [height, width, 4] of the part */
  gsize        row_size; /* from one row to the next */
  int          width;
  UnclipTaps   across, down;
} Enlarged;

static void
enlarged_clear (Enlarged *enlarged)
{
  unclip_taps_clear (&enlarged->across);
  unclip_taps_clear (&enlarged->down);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Enlarged, enlarged_clear)

/* @square [size, size, 4] shows as much of a picture of @whole_width × @whole_height as comes to @width × @height. */
static gboolean
enlarged_init (Enlarged *enlarged, const float *square, int size, int whole_width, int whole_height, int width, int height, UnclipFraming framing)
{
  UnclipPlace place = unclip_place_of (whole_width, whole_height, size, framing);

  enlarged->pixels = square + ((gsize) place.y * size + place.x) * 4;
  enlarged->row_size = (gsize) size * 4;
  enlarged->width = place.width;
  return unclip_taps_init (&enlarged->across, place.width, width) && unclip_taps_init (&enlarged->down, place.height, height);
}

/* Row @y at the picture's size: [width, 4]. @middle: [enlarged->width, 4]. The sides one after the other: that the pixels of a
 * row have in common is done once. */
static void
enlarge_row (const Enlarged *enlarged, int y, int width, float *middle, float *out)
{
  const UnclipTaps *down = &enlarged->down, *across = &enlarged->across;

  memset (middle, 0, enlarged->width * 4 * sizeof *middle);
  for (int t = 0; t < down->count[y]; t++)
    {
      const float *in = enlarged->pixels + (down->first[y] + t) * enlarged->row_size;
      float        weight = (float) down->weights[(gsize) y * down->n_taps + t];

      for (int i = 0; i < 4 * enlarged->width; i++)
        middle[i] += weight * in[i];
    }
  for (int x = 0; x < width; x++)
    {
      const double *weights = across->weights + (gsize) x * across->n_taps;
      const float  *in = middle + 4 * (gsize) across->first[x];
      float         sum[4] = { 0 };

      for (int t = 0; t < across->count[x]; t++)
        for (int c = 0; c < 4; c++)
          sum[c] += (float) weights[t] * in[4 * t + c];
      memcpy (out + 4 * (gsize) x, sum, sizeof sum);
    }
}

/* ---- the way back -------------------------------------------------------------------------------------------- */

typedef struct
{
  Enlarged edit, shown;
  int      x, y, width, height; /* what of the picture its square shows */
  int      n_channels;
  gsize    row_size; /* of the strip */
  float   *strip;
  int      strip_y;  /* of its first row, counted from y */
  float   *scratch;  /* of each thread */
  gsize    scratch_size;
} Return;

static void
return_clear (Return *r)
{
  enlarged_clear (&r->edit);
  enlarged_clear (&r->shown);
  g_clear_pointer (&r->strip, g_free);
  g_clear_pointer (&r->scratch, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Return, return_clear)

/* The model saw all above 1 as 1. Where the edit shows it about as bright, the light is still there. */
static float
gain_of (const float *own, const float *shown)
{
  float brightest = 1.0f;

  for (int c = 0; c < 3; c++)
    if (isfinite (own[c]))
      brightest = MAX (brightest, own[c]);
  if (brightest == 1.0f)
    return 1.0f;
  return 1.0f + (brightest - 1.0f) * smooth_step (0.5f, 1.0f, MAX (shown[0], MAX (shown[1], shown[2])));
}

/* @own becomes what the edit makes of it. */
static void
blend_row (float *own, const float *edit, const float *shown, int width, int n)
{
  for (int x = 0; x < width; x++, own += n, edit += 4, shown += 4)
    {
      float m = CLAMP (edit[3], 0.0f, 1.0f), gain = gain_of (own, shown);

      for (int c = 0; c < 3; c++)
        if (m > 0 || edit[c] != 0)
          {
            float now = isfinite (own[c]) ? own[c] : 0.0f, shifted = now + edit[c], edited = shifted + m * (gain * shown[c] - shifted);

            /* Highlights fade as the edit sets in. */
            own[c] = CLAMP (edited, MIN (now, 0.0f), MAX (now, gain));
          }
    }
}

static void
blend_rows (int from, int to, int thread, gpointer data)
{
  const Return *r = data;
  float        *edit = r->scratch + thread * r->scratch_size, *shown = edit + 4 * (gsize) r->width, *middle = shown + 4 * (gsize) r->width;

  for (int y = from; y < to; y++)
    {
      enlarge_row (&r->edit, r->strip_y + y, r->width, middle, edit);
      enlarge_row (&r->shown, r->strip_y + y, r->width, middle, shown);
      blend_row (r->strip + y * r->row_size + (gsize) r->x * r->n_channels, edit, shown, r->width, r->n_channels);
    }
}

/* Colours as [size, size, 4]; transfer full. */
static float *
four_channels (const UnclipImage *image)
{
  gsize  n_pixels = (gsize) image->width * image->height;
  float *out = g_try_new0 (float, 4 * n_pixels);

  for (gsize i = 0; out != NULL && i < n_pixels; i++)
    memcpy (out + 4 * i, image->pixels + i * image->n_channels, 3 * sizeof *out);
  return out;
}

static gboolean
no_memory (const UnclipRows *original, GError **error)
{
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for a picture of %d × %d"), original->width, original->height);
  return FALSE;
}

/* The edit on those rows of the strip, from row @y of the picture on, that the square shows. */
static void
blend_strip (Return *r, int y, int n_rows, int n_threads)
{
  int first = MAX (y, r->y), end = MIN (y + n_rows, r->y + r->height);
  Return part = *r;

  if (first >= end)
    return;
  part.strip += (first - y) * r->row_size;
  part.strip_y = first - r->y;
  share_rows (blend_rows, end - first, n_threads, &part);
}

static gboolean
go_back (const UnclipRows    *original,
         const UnclipImage   *before,
         const UnclipImage   *after,
         const UnclipImage   *detail,
         const UnclipOptions *options,
         UnclipWriteRows      write,
         gpointer             write_data,
         GError             **error)
{
  int           width = original->width, height = original->height, side = MIN (width, height), n = original->n_channels;
  int           n_threads = count_threads (options), n_rows = CLAMP (UNCLIP_STRIP / width, 1, height);
  gboolean      is_cropped = options->framing == UNCLIP_FRAMING_CROP;
  g_auto (Return) r = { .width = is_cropped ? side : width, .height = is_cropped ? side : height, .n_channels = n };
  g_autofree float *edit = difference (before, after, options->framing, n_threads), *shown = four_channels (detail);

  r.x = (width - r.width) / 2;
  r.y = (height - r.height) / 2;
  r.row_size = (gsize) width * n;
  r.strip = g_try_new (float, n_rows * r.row_size);
  r.scratch_size = 8 * (gsize) r.width + 4 * (gsize) MAX (after->width, detail->width);
  r.scratch = g_try_new (float, n_threads * r.scratch_size);
  if (edit == NULL || shown == NULL || r.strip == NULL || r.scratch == NULL
      || ! enlarged_init (&r.edit, edit, after->width, width, height, r.width, r.height, options->framing)
      || ! enlarged_init (&r.shown, shown, detail->width, width, height, r.width, r.height, options->framing))
    return no_memory (original, error);

  for (int y = 0; y < height; y += n_rows)
    {
      int n_here = MIN (n_rows, height - y);

      if (g_cancellable_set_error_if_cancelled (options->cancellable, error)
          || ! original->read (y, n_here, r.strip, original->data, error))
        return FALSE;
      blend_strip (&r, y, n_here, n_threads);
      if (! write (y, n_here, r.strip, write_data, error))
        return FALSE;
      if (options->progress != NULL)
        options->progress (&(UnclipProgress) { "framing", y + n_here, height, (double) (y + n_here) / height, NULL }, options->progress_data);
    }
  return TRUE;
}

gboolean
unclip_frame_return_rows (const UnclipRows    *original,
                          const UnclipImage   *before,
                          const UnclipImage   *after,
                          const UnclipOptions *options,
                          UnclipWriteRows      write,
                          gpointer             write_data,
                          GError             **error)
{
  if (! unclip_frame_check_rows (original, error) || (before != NULL && ! unclip_frame_check (before, error)) || ! unclip_frame_check (after, error))
    return FALSE;
  if (after->width != after->height || (before != NULL && (after->width != before->width || after->height != before->height)))
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The squares before and after an edit must be of one size"));
      return FALSE;
    }
  return go_back (original, before, after, after, options, write, write_data, error);
}

static gboolean
write_image (int y, int n, const float *rows, gpointer data, GError **error)
{
  UnclipImage *image = data;
  gsize        row_size = (gsize) image->width * image->n_channels;

  memcpy (image->pixels + y * row_size, rows, n * row_size * sizeof (float));
  return TRUE;
}

UnclipImage *
unclip_frame_return (const UnclipImage *original, const UnclipImage *before, const UnclipImage *after, UnclipFraming framing, GError **error)
{
  g_autoptr (UnclipImage) out = NULL;
  UnclipOptions options;
  UnclipRows    rows;

  if (! unclip_frame_check (original, error))
    return NULL;
  unclip_options_init (&options);
  options.framing = framing;
  rows = unclip_frame_rows (original);
  out = unclip_frame_new (original->width, original->height, original->n_channels, error);
  if (out == NULL || ! unclip_frame_return_rows (&rows, before, after, &options, write_image, out, error))
    return NULL;
  return g_steal_pointer (&out);
}

UnclipImage *
unclip_frame_blend (const UnclipImage *original, const UnclipImage *before, const UnclipImage *after, const UnclipImage *detail, int n_threads, GError **error)
{
  g_autoptr (UnclipImage) out = unclip_frame_new (original->width, original->height, original->n_channels, error);
  UnclipRows    rows = unclip_frame_rows (original);
  UnclipOptions options;

  unclip_options_init (&options);
  options.framing = UNCLIP_FRAMING_STRETCH;
  options.n_threads = n_threads;
  if (out == NULL || ! go_back (&rows, before, after, detail, &options, write_image, out, error))
    return NULL;
  return g_steal_pointer (&out);
}
