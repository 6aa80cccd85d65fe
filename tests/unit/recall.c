/* Edits that take the latents of an earlier one in the place of an inversion: the same pictures, and only where they are the same.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "../../core/unclip.h"
#include "support.h"
#include "tiny.h"

#include <string.h>

/* One edit, its pictures and what happened on the way. */
typedef struct
{
  GPtrArray *pictures, *used;
  int        n_inversions;
} Edit;

static void
edit_clear (Edit *edit)
{
  g_clear_pointer (&edit->pictures, g_ptr_array_unref);
  g_clear_pointer (&edit->used, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Edit, edit_clear)

static void
count (const UnclipProgress *progress, gpointer data)
{
  Edit *edit = data;

  if (strcmp (progress->stage, "inversion") == 0 && progress->step == progress->n_steps)
    edit->n_inversions++;
}

static GPtrArray *
latents_array (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_latents_free);
}

/* @y: a text edit to that, or "": variations. */
static Edit
make (const char *dir, const UnclipImage *x, const char *y, UnclipOptions options, GPtrArray *known)
{
  g_autoptr (UnclipModel) model = tiny_open (dir);
  g_autoptr (GError) error = NULL;
  Edit edit = { .used = latents_array () };

  options.known_latents = known;
  options.used_latents = edit.used;
  options.progress = count;
  options.progress_data = &edit;
  edit.pictures = *y != '\0' ? unclip_text_edit (model, x, "", y, 0.5, 1, &options, &error) : unclip_variations (model, x, 1, 0.5, &options, &error);
  g_assert_no_error (error);
  return edit;
}

static void
assert_same (const Edit *a, const Edit *b)
{
  g_assert_cmpuint (a->pictures->len, ==, b->pictures->len);
  for (guint i = 0; i < a->pictures->len; i++)
    {
      const UnclipImage *p = a->pictures->pdata[i], *q = b->pictures->pdata[i];

      g_assert_cmpmem (p->pixels, (gsize) p->width * p->height * p->n_channels * sizeof (float),
                       q->pixels, (gsize) q->width * q->height * q->n_channels * sizeof (float));
    }
}

/* As a layer keeps them. */
static GPtrArray *
kept (const Edit *edit)
{
  GPtrArray *known = latents_array ();

  for (guint i = 0; i < edit->used->len; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = unclip_latents_pack (edit->used->pdata[i], &error);
      UnclipLatents *latents;

      g_assert_no_error (error);
      latents = unclip_latents_unpack (bytes, &error);
      g_assert_no_error (error);
      g_ptr_array_add (known, latents);
    }
  return known;
}

static void
test_same (void)
{
  g_autofree char *dir = tiny_model ("tiny");
  g_autoptr (UnclipImage) x = tiny_picture ();
  UnclipOptions options = tiny_options ();
  g_autoptr (GPtrArray) known = NULL;

  options.size = TINY_HIGH;
  {
    g_auto (Edit) first = make (dir, x, "low", options, NULL), again = { 0 }, other = { 0 }, fresh = { 0 };

    g_assert_cmpint (first.n_inversions, ==, 1);
    g_assert_cmpuint (first.used->len, ==, 1);
    known = kept (&first);
    again = make (dir, x, "low", options, known);
    g_assert_cmpint (again.n_inversions, ==, 0);
    g_assert_cmpuint (again.used->len, ==, 1);
    assert_same (&first, &again);
    other = make (dir, x, "lower", options, known);
    fresh = make (dir, x, "lower", options, NULL);
    g_assert_cmpint (other.n_inversions, ==, 0);
    assert_same (&other, &fresh);
  }
  /* Variations are inverted by another method, which draws nothing. */
  {
    g_auto (Edit) first = make (dir, x, "", options, known), again = { 0 }, fresh = { 0 };
    g_autoptr (GPtrArray) more = kept (&first);

    g_assert_cmpint (first.n_inversions, ==, 1);
    options.seed = 77;
    again = make (dir, x, "", options, more);
    fresh = make (dir, x, "", options, NULL);
    g_assert_cmpint (again.n_inversions, ==, 0);
    assert_same (&again, &fresh);
  }
}

static void
test_interpolate (void)
{
  g_autofree char *dir = tiny_model ("tiny");
  g_autoptr (UnclipModel) model = tiny_open (dir);
  g_autoptr (UnclipImage) x = tiny_picture ();
  g_autoptr (UnclipImage) other = tiny_picture ();
  g_autoptr (GError) error = NULL;
  UnclipOptions options = tiny_options ();
  Edit edits[2] = { { .used = latents_array () }, { .used = latents_array () } };

  for (int i = 0; i < 100; i++)
    other->pixels[i] = 0.5f;
  options.progress = count;
  for (int k = 0; k < 2; k++)
    {
      options.known_latents = k == 1 ? edits[0].used : NULL;
      options.used_latents = edits[k].used;
      options.progress_data = &edits[k];
      edits[k].pictures = unclip_interpolate (model, x, other, 3, UNCLIP_HOLD_NOTHING, &options, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (edits[k].used->len, ==, 2);
      g_assert_cmpint (edits[k].n_inversions, ==, k == 0 ? 2 : 0);
    }
  assert_same (&edits[0], &edits[1]);
  edit_clear (&edits[0]);
  edit_clear (&edits[1]);
}

/* Whatever the states depend on. */
static void
test_other (void)
{
  g_autofree char *dir = tiny_model ("tiny");
  g_autoptr (UnclipImage) x = tiny_picture ();
  const UnclipOptions options = tiny_options ();
  g_auto (Edit) first = make (dir, x, "low", options, NULL);
  UnclipOptions changed[4] = { options, options, options, options };

  changed[0].seed = 5;
  changed[1].n_steps = 4;
  changed[2].rng = UNCLIP_RNG_TORCH;
  changed[3].inversion = UNCLIP_INVERSION_DDIM;
  for (guint i = 0; i < G_N_ELEMENTS (changed); i++)
    {
      g_auto (Edit) edit = make (dir, x, "low", changed[i], first.used);

      g_assert_cmpint (edit.n_inversions, ==, 1);
    }
  {
    g_autoptr (UnclipImage) y = tiny_picture ();
    g_auto (Edit) edit = { 0 };

    y->pixels[0] += 1e-6f;
    edit = make (dir, y, "low", options, first.used);
    g_assert_cmpint (edit.n_inversions, ==, 1);
  }
  /* Another image tower says something else of the picture; without the prior there is nothing less. */
  tiny_edit (dir, "model_index.json", "UnCLIPPipeline", "UnCLIPImageVariationPipeline");
  {
    g_auto (Edit) edit = make (dir, x, "low", options, first.used);

    g_assert_cmpint (edit.n_inversions, ==, 0);
  }
  tiny_spoil (dir, "decoder", "conv_in.bias", 0, 0.5f);
  {
    g_auto (Edit) edit = make (dir, x, "low", options, first.used);

    g_assert_cmpint (edit.n_inversions, ==, 1);
  }
}

/* A stranger's file. */
static void
test_damaged (void)
{
  g_autofree char *dir = tiny_model ("tiny");
  g_autoptr (UnclipImage) x = tiny_picture ();
  g_auto (Edit) edit = make (dir, x, "low", tiny_options (), NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = unclip_latents_pack (edit.used->pdata[0], &error);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  for (gsize cut = 0; cut < size; cut += 1 + size / 50)
    {
      g_autoptr (GBytes) part = g_bytes_new (data, cut);
      g_autofree guint8 *copy = g_memdup2 (data, size);
      g_autoptr (GBytes) spoilt = NULL;

      g_assert_null (unclip_latents_unpack (part, &error));
      g_assert_nonnull (error);
      g_clear_error (&error);
      copy[cut] ^= 0x55;
      spoilt = g_bytes_new (copy, size);
      unclip_latents_free (unclip_latents_unpack (spoilt, &error));
      g_clear_error (&error);
    }
  {
    g_autoptr (GConverter) zlib = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 1));
    g_autoptr (GOutputStream) memory = g_memory_output_stream_new_resizable ();
    g_autoptr (GOutputStream) stream = g_converter_output_stream_new (memory, zlib);
    g_autofree guint8 *zeros = g_malloc0 (1 << 20);
    g_autoptr (GBytes) bomb = NULL;

    for (int i = 0; i < 100; i++)
      g_assert_true (g_output_stream_write_all (stream, zeros, 1 << 20, NULL, NULL, NULL));
    g_assert_true (g_output_stream_close (stream, NULL, NULL));
    bomb = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));
    g_assert_null (unclip_latents_unpack (bomb, &error));
    support_assert_refused (&error, UNCLIP_ERROR_FILE);
  }
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/recall/same", test_same);
  g_test_add_func ("/recall/interpolate", test_interpolate);
  g_test_add_func ("/recall/other", test_other);
  g_test_add_func ("/recall/damaged", test_damaged);
  return g_test_run ();
}
