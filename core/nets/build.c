/* See build.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "build.h"

#include <glib/gi18n-lib.h>

gboolean
unclip_build (BkContext       *context,
              UnclipWeights   *weights,
              const char      *what,
              UnclipBuildFunc  build,
              gpointer         net,
              BkArena        **store,
              GError         **error)
{
  g_autoptr (BkArena) measure = unclip_arena_measuring (context);
  UnclipBuilder builder = { .context = context, .weights = weights, .store = measure };

  *store = NULL;

  build (&builder, net);
  bk_arena_alloc (measure, builder.room_size);
  if (builder.error == NULL && unclip_weights_is_recording (weights))
    *store = g_steal_pointer (&measure);
  else if (builder.error == NULL)
    {
      size_t size = bk_arena_peak (measure);

      *store = bk_arena_new (context, MAX (size, 1));
      if (*store == NULL)
        {
          g_autofree char *text = g_format_size (size);

          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY,
                       _("There is not enough memory for %s: its weights take %s; close other programs, or use a smaller model"),
                       what, text);
          return FALSE;
        }

      builder.store = *store;
      builder.room = bk_arena_alloc (*store, builder.room_size);
      build (&builder, net);
      if (builder.error == NULL)
        unclip_weights_check (weights, &builder.error);
    }

  if (builder.error != NULL)
    {
      g_clear_pointer (store, bk_arena_free);
      g_propagate_error (error, builder.error);
      return FALSE;
    }

  return TRUE;
}

char *
unclip_build_path (const char *parent,
                   const char *format,
                   ...)
{
  g_autofree char *name = NULL;
  va_list args;

  va_start (args, format);
  name = g_strdup_vprintf (format, args);
  va_end (args);

  return parent[0] != '\0' ? g_strconcat (parent, ".", name, NULL) : g_steal_pointer (&name);
}

void
unclip_build_fail (UnclipBuilder *builder,
                   GError        *error)
{
  if (builder->error == NULL)
    builder->error = error;
  else
    g_error_free (error);
}

/* "path.name.suffix" of this shape; an empty source once something has failed. */
static BkSource
take (UnclipBuilder *builder,
      const char    *path,
      const char    *name,
      const char    *suffix,
      int            n_dims,
      const int      dims[4])
{
  g_autofree char *layer = unclip_build_path (path, "%s", name);
  g_autofree char *full = g_strconcat (layer, suffix, NULL);
  BkSource source = { NULL, BK_F32 };

  if (builder->error == NULL)
    unclip_weights_take (builder->weights, &source, &builder->error, full,
                         n_dims, dims[0], dims[1], dims[2], dims[3]);

  return source;
}

static BkLinear
keep_linear (UnclipBuilder *builder,
             BkSource       weight,
             BkSource       bias,
             int            n_in,
             int            n_out)
{
  if (! builder->runs_once || ! bk_only_moves (builder->context, weight))
    return bk_pack_linear (weight, bias, n_in, n_out, builder->store);

  builder->room_size = MAX (builder->room_size, bk_linear_size (builder->context, n_in, n_out));
  return bk_lend_linear (weight, bias, n_in, n_out, builder->room, builder->store);
}

static BkLinear
build_linear (UnclipBuilder *builder,
              const char    *path,
              const char    *name,
              int            n_in,
              int            n_out,
              gboolean       has_bias)
{
  BkSource weight = take (builder, path, name, ".weight", 2, (const int[4]) { n_out, n_in });
  BkSource bias = { NULL, BK_F32 };

  if (has_bias)
    bias = take (builder, path, name, ".bias", 1, (const int[4]) { n_out });
  if (builder->error != NULL)
    return (BkLinear) { 0 };

  return keep_linear (builder, weight, bias, n_in, n_out);
}

BkLinear
unclip_build_linear (UnclipBuilder *builder,
                     const char    *path,
                     const char    *name,
                     int            n_in,
                     int            n_out)
{
  return build_linear (builder, path, name, n_in, n_out, TRUE);
}

BkLinear
unclip_build_linear_no_bias (UnclipBuilder *builder,
                             const char    *path,
                             const char    *name,
                             int            n_in,
                             int            n_out)
{
  return build_linear (builder, path, name, n_in, n_out, FALSE);
}

BkConv
unclip_build_conv (UnclipBuilder *builder,
                   const char    *path,
                   const char    *name,
                   int            n_in,
                   int            n_out,
                   int            kernel,
                   int            h)
{
  BkSource weight = take (builder, path, name, ".weight", 4, (const int[4]) { n_out, n_in, kernel, kernel });
  BkSource bias = take (builder, path, name, ".bias", 1, (const int[4]) { n_out });

  if (builder->error != NULL)
    return (BkConv) { 0 };

  if (! bk_conv_lends (builder->context, n_in, n_out, kernel, h))
    return bk_pack_conv (weight, bias, n_in, n_out, kernel, h, builder->store);

  builder->room_size = MAX (builder->room_size, bk_conv_size (builder->context, n_in, n_out, kernel, h));
  return bk_lend_conv (weight, bias, n_in, n_out, kernel, h, builder->room, builder->store);
}

BkConv
unclip_build_conv_down (UnclipBuilder *builder,
                        const char    *path,
                        const char    *name,
                        int            n_in,
                        int            n_out,
                        int            pad)
{
  BkSource weight = take (builder, path, name, ".weight", 4, (const int[4]) { n_out, n_in, 3, 3 });
  BkSource bias = take (builder, path, name, ".bias", 1, (const int[4]) { n_out });

  if (builder->error != NULL)
    return (BkConv) { 0 };

  return bk_pack_conv_down (weight, bias, n_in, n_out, pad, builder->store);
}

BkLinear
unclip_build_patches (UnclipBuilder *builder,
                      const char    *path,
                      const char    *name,
                      int            n_in,
                      int            n_out,
                      int            size)
{
  BkSource weight = take (builder, path, name, ".weight", 4, (const int[4]) { n_out, n_in, size, size });
  BkSource bias = { NULL, BK_F32 };

  if (builder->error != NULL)
    return (BkLinear) { 0 };

  return keep_linear (builder, weight, bias, n_in * size * size, n_out);
}

static BkNorm
build_norm (UnclipBuilder *builder,
            const char    *path,
            const char    *name,
            int            n_channels,
            int            n_groups,
            float          eps)
{
  BkSource weight = take (builder, path, name, ".weight", 1, (const int[4]) { n_channels });
  BkSource bias = take (builder, path, name, ".bias", 1, (const int[4]) { n_channels });

  if (builder->error != NULL)
    return (BkNorm) { 0 };

  return bk_pack_norm (weight, bias, n_channels, n_groups, eps, builder->store);
}

BkNorm
unclip_build_layer_norm (UnclipBuilder *builder,
                         const char    *path,
                         const char    *name,
                         int            n_channels,
                         float          eps)
{
  return build_norm (builder, path, name, n_channels, 0, eps);
}

BkNorm
unclip_build_group_norm (UnclipBuilder *builder,
                         const char    *path,
                         const char    *name,
                         int            n_channels,
                         int            n_groups,
                         float          eps)
{
  if (n_channels % n_groups != 0)
    unclip_build_fail (builder,
                       g_error_new (UNCLIP_ERROR, UNCLIP_ERROR_MODEL,
                                    _("The %d channels of %s%s%s cannot be split into the %d groups that norm_num_groups asks for"),
                                    n_channels, path, path[0] != '\0' ? "." : "", name, n_groups));

  return build_norm (builder, path, name, n_channels, n_groups, eps);
}

const float *
unclip_build_values (UnclipBuilder *builder,
                     const char    *name,
                     int            n_dims,
                     ...)
{
  BkSource source;
  int dims[4] = { 1, 1, 1, 1 };
  va_list args;

  g_assert (n_dims >= 1 && n_dims <= 4);
  va_start (args, n_dims);
  for (int i = 0; i < n_dims; i++)
    dims[i] = va_arg (args, int);
  va_end (args);

  source = take (builder, "", name, "", n_dims, dims);
  if (builder->error != NULL)
    return NULL;

  return bk_pack_values (source, (size_t) dims[0] * dims[1] * dims[2] * dims[3], builder->store);
}

BkSource
unclip_build_table (UnclipBuilder *builder,
                    const char    *name,
                    int            n_rows,
                    int            n_columns)
{
  return take (builder, "", name, "", 2, (const int[4]) { n_rows, n_columns });
}

gboolean
unclip_config_activation (const UnclipConfig  *config,
                          const char          *name,
                          const char          *fallback,
                          BkActivation        *out,
                          GError             **error)
{
  static const struct
  {
    const char  *name;
    BkActivation activation;
  } known[] = {
    { "quick_gelu", BK_QUICK_GELU },
    { "gelu", BK_GELU },
    { "gelu_new", BK_GELU_TANH },
    { "gelu_pytorch_tanh", BK_GELU_TANH },
    { "silu", BK_SILU },
    { "swish", BK_SILU }
  };
  const char *value;

  if (! unclip_config_string (config, name, fallback, &value, error))
    return FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_strcmp0 (value, known[i].name) == 0)
      {
        *out = known[i].activation;
        return TRUE;
      }

  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL,
               _("%s: the activation function \"%s\" of %s is not one that this version computes"),
               unclip_config_path (config), value, name);
  return FALSE;
}
