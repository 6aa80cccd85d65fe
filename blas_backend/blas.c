/* See blas.h. It is loaded late: most CPUs have kernels of ours, and OpenBLAS takes 300 MB of address space when
 * it is loaded, and tries again without an end where the system refuses them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>

/* Of OpenBLAS 0.3.29: the library, and each of its buffers. Loading takes two, and every thread that multiplies one. */
#define LIBRARY_SIZE ((size_t) 64 << 20)
#define BUFFER_SIZE ((size_t) 128 << 20)
#define MAX_BUFFERS 64

/* Fortran's, which every BLAS has: matrices lie column by column, and texts bring their lengths, last. */
typedef void (*Sgemm) (const char *trans_a, const char *trans_b, const int *m, const int *n, const int *k, const float *alpha,
                       const float *a, const int *lda, const float *b, const int *ldb, const float *beta, float *c, const int *ldc,
                       size_t trans_a_length, size_t trans_b_length);

static const char *const names[] = { "libopenblas.so.0", "libopenblas.so", "libblas.so.3" };

/* Set once; the lock is for those who prepare, who come before those that multiply. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Sgemm           sgemm;
static void           *(*take_buffer) (int place);
static void            (*give_buffer) (void *buffer);

/* Whether the system would give so much address space. */
static bool
has_room (size_t size)
{
  void *room = mmap (NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

  return room != MAP_FAILED && munmap (room, size) == 0;
}

static BkReady
load (void)
{
  void *library = NULL;
  void (*set_n_threads) (int n_threads);

  if (! has_room (LIBRARY_SIZE + 2 * BUFFER_SIZE))
    return BK_NO_MEMORY;
  for (size_t i = 0; i < sizeof names / sizeof *names && library == NULL; i++)
    library = dlopen (names[i], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL || (sgemm = (Sgemm) dlsym (library, "sgemm_")) == NULL)
    return BK_NO_BLAS;

  /* Our tiles are the parallelism; threads inside threads collapse. */
  set_n_threads = (void (*) (int)) dlsym (library, "openblas_set_num_threads");
  if (set_n_threads != NULL)
    set_n_threads (1);
  take_buffer = (void *(*) (int)) dlsym (library, "blas_memory_alloc");
  give_buffer = (void (*) (void *)) dlsym (library, "blas_memory_free");
  return BK_READY;
}

/* OpenBLAS keeps a buffer that was given back, and so asks for none when the memory has become less. */
static BkReady
keep_buffers (int n)
{
  void *buffers[MAX_BUFFERS];

  n = n < MAX_BUFFERS ? n : MAX_BUFFERS;
  if (take_buffer == NULL || give_buffer == NULL)
    return BK_READY;
  if (! has_room (n * BUFFER_SIZE))
    return BK_NO_MEMORY;
  for (int i = 0; i < n; i++)
    buffers[i] = take_buffer (0);
  for (int i = 0; i < n; i++)
    give_buffer (buffers[i]);
  return BK_READY;
}

BkReady
bk_blas_prepare (int n_threads)
{
  BkReady ready;

  pthread_mutex_lock (&lock);
  ready = sgemm == NULL ? load () : BK_READY;
  if (ready == BK_READY)
    ready = keep_buffers (n_threads);
  pthread_mutex_unlock (&lock);
  return ready;
}

void
bk_blas_gemm (float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb, int m, int n, int k, bool add)
{
  const int   columns_a = (int) lda, columns_b = (int) ldb, columns_c = (int) ldc;
  const float one = 1.0f, beta = add ? 1.0f : 0.0f;

  /* What lies row by row is the transpose of what lies column by column: c' = b' a'. */
  sgemm ("N", "N", &n, &m, &k, &one, b, &columns_b, a, &columns_a, &beta, c, &columns_c, 1, 1);
}
