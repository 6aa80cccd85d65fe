/* See mutate.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "mutate.h"

#include <string.h>

/* What a number may become, or any other word: ends of ranges, wrong types, wrong signs. */
static const char *const words[] = {
  "0", "-1", "1", "-0", "1.5", "1e5", "1e999", "-1e999", "2147483647", "2147483648", "-2147483648", "4294967295", "4294967296",
  "1073741824", "4611686018427387904", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
  "18446744073709551615", "18446744073709551616", "99999999999999999999999999999999999999", "null", "true", "false", "[]", "{}",
  "[[]]", "[0,0]", "\"\"", "\"a\"", "\"../../x\"", "\"\\u0000\"", "\"\\ud800\"", "\"F32\"", "\"U8\"", "nan", "Infinity", "é", "\xff"
};

static gsize
draw (GRand *random, gsize n)
{
  return n == 0 ? 0 : (gsize) g_rand_int_range (random, 0, (gint32) MIN (n, G_MAXINT32));
}

static gboolean
is_word (guint8 c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '.' || c == '"' || c == '_';
}

/* A run of word characters behind @from; FALSE if there is none. */
static gboolean
find_word (const GByteArray *bytes, gsize from, gsize *begin, gsize *end, GRand *random)
{
  gsize i = from + draw (random, bytes->len - from);

  while (i < bytes->len && ! is_word (bytes->data[i]))
    i++;
  while (i > from && is_word (bytes->data[i - 1]))
    i--;
  *begin = i;
  while (i < bytes->len && is_word (bytes->data[i]))
    i++;
  *end = i;
  return *end > *begin;
}

static void
replace (GByteArray *bytes, gsize begin, gsize end, const void *with, gsize size)
{
  g_autofree guint8 *tail = g_memdup2 (bytes->data + end, bytes->len - end);
  gsize              n = bytes->len - end;

  g_byte_array_set_size (bytes, begin);
  g_byte_array_append (bytes, with, size);
  if (n > 0)
    g_byte_array_append (bytes, tail, n);
}

static void
change (GByteArray *bytes, gsize from, gsize text_end, GRand *random)
{
  gsize begin, end;

  switch (draw (random, 8))
    {
    case 0: /* one bit */
      if (bytes->len > 0)
        bytes->data[draw (random, bytes->len)] ^= 1 << draw (random, 8);
      break;
    case 1: /* one byte */
      if (bytes->len > 0)
        bytes->data[draw (random, bytes->len)] = (guint8) draw (random, 256);
      break;
    case 2: /* a piece twice, or many times */
      begin = from + draw (random, bytes->len - from);
      end = begin + draw (random, MIN (bytes->len - begin, 40));
      {
        g_autofree guint8 *piece = g_memdup2 (bytes->data + begin, end - begin);

        for (gsize n = 1 + (draw (random, 4) == 0 ? draw (random, 2000) : 0); n > 0 && end > begin; n--)
          replace (bytes, begin, begin, piece, end - begin);
      }
      break;
    case 3: /* a piece less */
      begin = from + draw (random, bytes->len - from);
      replace (bytes, begin, begin + draw (random, MIN (bytes->len - begin, 40)), "", 0);
      break;
    case 4: /* deep, or just unbalanced */
      begin = from + draw (random, text_end - from);
      for (gsize n = 1 + (draw (random, 4) == 0 ? draw (random, 3000) : 0); n > 0; n--)
        replace (bytes, begin, begin, &"[{]},:\""[draw (random, 7)], 1);
      break;
    default: /* a word becomes another one */
      if (find_word (bytes, from, &begin, &end, random) && begin < text_end)
        {
          const char *word = words[draw (random, G_N_ELEMENTS (words))];

          replace (bytes, begin, end, word, strlen (word));
        }
    }
}

void
fuzz_set_length (guint8 *data, gsize size, gsize n_values)
{
  guint64 length = GUINT64_TO_LE ((guint64) (size - 8 - MIN (n_values, size - 8)));

  memcpy (data, &length, 8);
}

gsize
fuzz_n_values (const guint8 *data, gsize size)
{
  guint64 length;

  if (size <= 8)
    return 0;
  memcpy (&length, data, 8);
  return size - 8 - MIN (GUINT64_FROM_LE (length), size - 8);
}

void
fuzz_mutate (GByteArray *bytes, FuzzFormat format, GRand *random)
{
  gsize from = format == FUZZ_SAFETENSORS ? 8 : 0;
  gsize n_values = from > 0 ? fuzz_n_values (bytes->data, bytes->len) : 0;

  for (gsize n = 1 + draw (random, 3); n > 0 && bytes->len > from; n--)
    change (bytes, from, CLAMP (bytes->len - MIN (n_values, bytes->len), from, bytes->len), random);
  if (from > 0 && bytes->len >= 8 && draw (random, 8) > 0)
    fuzz_set_length (bytes->data, bytes->len, n_values);
}
