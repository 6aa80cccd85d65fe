/* What a job computes with, and what it counts.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <time.h>

/* Of the calling thread. */
static unsigned
denormals (void)
{
#if defined(__SSE2__)
  return _mm_getcsr () & (_MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON);
#else
  return 0;
#endif
}

BkReady
bk_context_init (BkContext *context, int n_threads)
{
  *context = (BkContext) { .type = BK_F32, .denormals = denormals () };
  context->n_threads = bk_start_threads (n_threads > 0 ? n_threads : bk_allowed_threads ());
  return bk_kernels ()->prepare != NULL ? bk_kernels ()->prepare (context->n_threads) : BK_READY;
}

void
bk_context_clear (BkContext *context)
{
#if defined(__SSE2__)
  if (context->n_threads > 0)
    _mm_setcsr ((_mm_getcsr () & ~(_MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON)) | context->denormals);
#endif
  context->n_threads = 0;
}

double
bk_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

void
bk_count_flop (BkContext *context, double flop)
{
  if (context != NULL)
    context->counters.flop += flop;
}

void
bk_count_gemm (BkContext *context, double seconds)
{
  if (context != NULL)
    context->counters.gemm_seconds += seconds;
}
