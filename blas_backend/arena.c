/* One block of memory per stage, given out like a stack.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "bk.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define ALIGNMENT 64
#define HUGE_PAGE ((size_t) 2 << 20)

struct BkArena
{
  BkContext *context;
  char      *base; /* NULL: only measures */
  size_t     size, used, peak;
};

BkArena *
bk_arena_new_measuring (BkContext *context)
{
  BkArena *arena = calloc (1, sizeof *arena);

  if (arena != NULL)
    arena->context = context;
  return arena;
}

BkArena *
bk_arena_new (BkContext *context, size_t size)
{
  BkArena *arena = calloc (1, sizeof *arena);
  void    *base = NULL;

  if (size > SIZE_MAX - HUGE_PAGE)
    {
      free (arena);
      return NULL;
    }
  size = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
  if (size == 0)
    size = HUGE_PAGE;

  if (arena == NULL || posix_memalign (&base, HUGE_PAGE, size) != 0)
    {
      free (arena);
      return NULL;
    }
  /* Fewer page faults and TLB misses; no harm where it is refused. */
  madvise (base, size, MADV_HUGEPAGE);
  arena->context = context;
  arena->base = base;
  arena->size = size;
  return arena;
}

void
bk_arena_free (BkArena *arena)
{
  if (arena == NULL)
    return;
  free (arena->base);
  free (arena);
}

BkContext *
bk_arena_context (const BkArena *arena)
{
  return arena->context;
}

BkTensor
bk_arena_tensor (BkArena *arena, float *data, int n, int h, int w, int c)
{
  BkTensor x = bk_tensor (arena->base == NULL ? NULL : data, n, h, w, c);

  x.context = arena->context;
  return x;
}

size_t
bk_arena_peak (const BkArena *arena)
{
  return arena->peak;
}

bool
bk_arena_is_measuring (const BkArena *arena)
{
  return arena->base == NULL;
}

void *
bk_arena_alloc (BkArena *arena, size_t size)
{
  size_t at = arena->used;

  arena->used += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (arena->used > arena->peak)
    arena->peak = arena->used;
  if (arena->base == NULL)
    return NULL;
  if (arena->used > arena->size)
    {
      fprintf (stderr, "blas_backend: an arena of %zu bytes was measured too small\n", arena->size);
      abort ();
    }
  return arena->base + at;
}

BkScratch
bk_scratch (BkArena *arena)
{
  return (BkScratch) { arena, arena->used };
}

void
bk_scratch_close (BkScratch *scratch)
{
  if (scratch->arena != NULL)
    scratch->arena->used = scratch->mark;
  scratch->arena = NULL;
}

BkTensor
bk_scratch_tensor (BkScratch *scratch, int n, int h, int w, int c)
{
  float *data = bk_arena_alloc (scratch->arena, (size_t) n * h * w * c * sizeof (float));

  return bk_arena_tensor (scratch->arena, data, n, h, w, c);
}

BkTensor
bk_scratch_like (BkScratch *scratch, BkTensor x)
{
  return bk_scratch_tensor (scratch, x.n, x.h, x.w, x.c);
}
