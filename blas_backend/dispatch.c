/* Which CPU runs what: one row a level, from the plainest up.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "kernels.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

extern const BkKernels bk_kernels_c;

static bool
any_cpu (void)
{
  return true;
}

#ifdef __x86_64__
extern const BkKernels bk_kernels_avx2, bk_kernels_avx512, bk_kernels_avx512bf16, bk_kernels_amx;

static bool
has_avx2 (void)
{
  return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
}

static bool
has_avx512 (void)
{
  return has_avx2 () && __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512dq") &&
         __builtin_cpu_supports ("avx512bw") && __builtin_cpu_supports ("avx512vl");
}

static bool
has_avx512bf16 (void)
{
  return has_avx512 () && __builtin_cpu_supports ("avx512bf16");
}

/* Linux gives a process room for its tiles only if it asks. */
static bool
has_amx (void)
{
#ifdef SYS_arch_prctl
  const int request = 0x1023 /* ARCH_REQ_XCOMP_PERM */, tile_data = 18;

  return has_avx512bf16 () && __builtin_cpu_supports ("amx-tile") && __builtin_cpu_supports ("amx-bf16")
         && syscall (SYS_arch_prctl, request, tile_data) == 0;
#else
  return false;
#endif
}
#elif defined __aarch64__
extern const BkKernels bk_kernels_neon;
#endif

static const struct
{
  const BkKernels *kernels;
  bool (*runs_here) (void);
} levels[] = {
  { &bk_kernels_c, any_cpu },
#ifdef __x86_64__
  { &bk_kernels_avx2, has_avx2 },
  { &bk_kernels_avx512, has_avx512 },
  { &bk_kernels_avx512bf16, has_avx512bf16 },
  { &bk_kernels_amx, has_amx },
#elif defined __aarch64__
  { &bk_kernels_neon, any_cpu },
#endif
};

const BkKernels *
bk_kernels (void)
{
  /* Every thread would choose the same, so nobody has to wait for another. */
  static const BkKernels *chosen;
  const BkKernels        *best = __atomic_load_n (&chosen, __ATOMIC_ACQUIRE);
  const char             *highest;

  if (best != NULL)
    return best;
  highest = getenv ("BK_CPU");
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
    {
      if (! levels[i].runs_here ())
        break;
      best = levels[i].kernels;
      if (highest != NULL && strcmp (highest, best->name) == 0)
        break;
    }
  __atomic_store_n (&chosen, best, __ATOMIC_RELEASE);
  return best;
}

bool
bk_bf16_is_fast (void)
{
  return bk_kernels ()->to_bf16 != NULL;
}

const char *
bk_cpu_level (void)
{
  return bk_kernels ()->name;
}
