/* See led.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "led.h"

#include <stdlib.h>
#include <string.h>

#include "allowance.h"
#include "mutate.h"

/* libFuzzer's own. */
int    LLVMFuzzerRunDriver (int *argc, char ***argv, int (*run) (const guint8 *data, size_t size));
size_t LLVMFuzzerMutate (guint8 *data, size_t size, size_t max_size);
/* Ours, which it looks for by name. */
__attribute__ ((visibility ("default"))) size_t LLVMFuzzerCustomMutator (guint8 *data, size_t size, size_t max_size, unsigned int seed);

/* libFuzzer's callback takes no data. */
static const char *led_name;
static FuzzFormat  led_format;
static FuzzTarget  led_target;

static int
run (const guint8 *data, size_t size)
{
  fuzz_limited (led_target, led_name, data, size);
  return 0;
}

/* Half of the time libFuzzer's way, which knows what the code compares with; else ours, which knows words and the length
 * in front. */
size_t
LLVMFuzzerCustomMutator (guint8 *data, size_t size, size_t max_size, unsigned int seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);

  if (size > 0 && g_rand_boolean (random))
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();

      g_byte_array_append (bytes, data, size);
      fuzz_mutate (bytes, led_format, random);
      size = MIN (bytes->len, max_size);
      memcpy (data, bytes->data, size);
    }
  else
    {
      gsize n_values = led_format == FUZZ_SAFETENSORS ? fuzz_n_values (data, size) : 0;

      size = LLVMFuzzerMutate (data, size, max_size);
      if (led_format == FUZZ_SAFETENSORS && size >= 8 && g_rand_int_range (random, 0, 8) > 0)
        fuzz_set_length (data, size, n_values);
    }
  return size;
}

void
fuzz_led (int argc, char **argv, FuzzFormat format, FuzzTarget target)
{
  if (argc < 2)
    g_error ("give the name that the target shall get");
  led_name = argv[1];
  led_format = format;
  led_target = target;
  argv[1] = argv[0];
  argc--;
  argv++;
  fuzz_limits_init ();
  exit (LLVMFuzzerRunDriver (&argc, &argv, run));
}
