/* Sixteen jobs at once in one process, of all kinds, with other threads and another precision each: every one gives what it
 * gives alone, to the last bit. tests/tsan.sh has the thread sanitizer look on; UNCLIP_TEST_THREADS is the most that a job shall have.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "unclip.h"

#include <string.h>

#if defined __has_feature
#if __has_feature (thread_sanitizer)
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

/* The sanitizer does not see what GLib, which was built without it, locks. */
UNCLIP_API void
g_mutex_lock (GMutex *mutex)
{
  static void (*lock) (GMutex *mutex);

  if (lock == NULL)
    lock = (void (*) (GMutex *)) dlsym (RTLD_NEXT, "g_mutex_lock");
  lock (mutex);
  __tsan_acquire (mutex);
}

UNCLIP_API void
g_mutex_unlock (GMutex *mutex)
{
  static void (*unlock) (GMutex *mutex);

  if (unlock == NULL)
    unlock = (void (*) (GMutex *)) dlsym (RTLD_NEXT, "g_mutex_unlock");
  __tsan_release (mutex);
  unlock (mutex);
}
#endif
#endif

#define N_JOBS 16
#define SIDE 64

typedef struct
{
  const UnclipImage *x;
  UnclipModel       *model;
  int                index;
  GPtrArray         *pictures;      /* one of the two */
  float              similarity[2];
} Job;

static UnclipModel *
toybox (void)
{
  g_autoptr (GError) error = NULL;
  UnclipModel *model = unclip_model_open ("toybox", NULL, &error);

  g_assert_no_error (error);
  return model;
}

/* A red disc on white. */
static UnclipImage *
picture (void)
{
  UnclipImage *image = unclip_image_new (SIDE, SIDE, 3);

  for (int i = 0; i < SIDE * SIDE; i++)
    {
      int      dx = i % SIDE - SIDE / 2, dy = i / SIDE - SIDE / 2;
      gboolean is_inside = dx * dx + dy * dy < SIDE * SIDE / 9;

      image->pixels[3 * i] = 0.9f;
      image->pixels[3 * i + 1] = image->pixels[3 * i + 2] = is_inside ? 0.1f : 0.9f;
    }
  return image;
}

static int
most_threads (void)
{
  const char *most = g_getenv ("UNCLIP_TEST_THREADS");

  return most != NULL ? (int) g_ascii_strtoll (most, NULL, 10) : 3;
}

static gpointer
run (gpointer data)
{
  static const char *const labels[] = { "a red ball", "a blue star" };
  Job *job = data;
  g_autoptr (GError) error = NULL;
  UnclipOptions options;
  float probabilities[2];

  unclip_options_init (&options);
  options.size = SIDE;
  options.seed = job->index / 4;
  options.n_steps = options.prior_n_steps = 1 + job->index % 2;
  options.n_threads = 1 + job->index % most_threads ();
  options.precision = job->index / 4 % 2 == 0 ? UNCLIP_PRECISION_F32 : UNCLIP_PRECISION_BF16;

  switch (job->index % 4)
    {
    case 0:
      job->pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_image_free);
      g_ptr_array_add (job->pictures, unclip_generate (job->model, "a red ball", UNCLIP_PRIOR_DIFFUSION, &options, &error));
      break;
    case 1:
      job->pictures = unclip_variations (job->model, job->x, 1, 0.9, &options, &error);
      break;
    case 2:
      job->pictures = unclip_text_edit (job->model, job->x, "a red ball", "a blue ball", 0.4, 1, &options, &error);
      break;
    case 3:
      unclip_probe_labels (job->model, job->x, labels, 2, probabilities, job->similarity, &options, &error);
    }
  g_assert_no_error (error);
  return NULL;
}

static void
assert_same (const Job *a, const Job *b)
{
  g_assert_cmpmem (a->similarity, sizeof a->similarity, b->similarity, sizeof b->similarity);
  g_assert_true ((a->pictures == NULL) == (b->pictures == NULL));
  for (guint i = 0; a->pictures != NULL && i < a->pictures->len; i++)
    {
      const UnclipImage *x = a->pictures->pdata[i], *y = b->pictures->pdata[i];
      gsize size = (gsize) x->width * x->height * x->n_channels * sizeof (float);

      if (memcmp (x->pixels, y->pixels, size) != 0)
        g_error ("job %d gives another picture beside others", a->index);
    }
}

static void
test_at_once (void)
{
  g_autoptr (UnclipModel) model = toybox ();
  g_autoptr (UnclipImage) x = picture ();
  Job      alone[N_JOBS] = { 0 }, together[N_JOBS] = { 0 };
  GThread *threads[N_JOBS];

  for (int i = 0; i < N_JOBS; i++)
    {
      alone[i] = together[i] = (Job) { .x = x, .model = model, .index = i };
      run (&alone[i]);
    }
  for (int i = 0; i < N_JOBS; i++)
    threads[i] = g_thread_new ("job", run, &together[i]);
  for (int i = 0; i < N_JOBS; i++)
    {
      g_thread_join (threads[i]);
      assert_same (&alone[i], &together[i]);
      g_clear_pointer (&alone[i].pictures, g_ptr_array_unref);
      g_clear_pointer (&together[i].pictures, g_ptr_array_unref);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/jobs/at-once", test_at_once);
  return g_test_run ();
}
