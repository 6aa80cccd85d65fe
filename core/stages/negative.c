/* See negative.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "negative.h"

#include <glib/gstdio.h>
#include <string.h>

#define TENSOR "negative_image_embeds"

/* Arithmetics differ in their last bits, and a job's must not depend on which came first. transfer full; NULL for exact ones, which compare engines. */
static char *
path_of (UnclipModel *model, const BkContext *context)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *name = NULL;

  if (context->is_exact)
    return NULL;
  unclip_model_digest (model, "image_encoder", sum);
  name = g_strdup_printf ("negative-%.16s-%s-%s.safetensors", g_checksum_get_string (sum), bk_cpu_level (), context->type == BK_BF16 ? "bf16" : "f32");
  return g_build_filename (g_get_user_cache_dir (), "unclip", name, NULL);
}

static float *
load (const char *path, int *dim)
{
  g_autoptr (UnclipTensors) tensors = path != NULL && g_file_test (path, G_FILE_TEST_IS_REGULAR) ? unclip_tensors_load (path, NULL) : NULL;
  const UnclipTensor *tensor = tensors != NULL ? unclip_tensors_get (tensors, TENSOR, UNCLIP_DTYPE_F32, NULL, 2, 1, -1) : NULL;

  if (tensor == NULL || tensor->n == 0 || ! unclip_is_finite (tensor->data, tensor->n))
    return NULL;
  *dim = tensor->dims[1];
  return g_memdup2 (tensor->data, tensor->n * sizeof (float));
}

static void
keep (const char *path, const float *z, int dim)
{
  g_autoptr (UnclipTensors) tensors = unclip_tensors_new ();
  g_autofree char *dir = g_path_get_dirname (path);
  UnclipTensor    *tensor = unclip_tensors_add (tensors, TENSOR, UNCLIP_DTYPE_F32, 2, (const int[]) { 1, dim }, NULL);

  if (tensor == NULL || g_mkdir_with_parents (dir, 0700) != 0)
    return;
  memcpy (tensor->data, z, dim * sizeof (float));
  unclip_tensors_save (tensors, path, NULL);
}

gboolean
unclip_negative_is_kept (UnclipModel *model, const BkContext *context)
{
  g_autofree char  *path = path_of (model, context);
  int               dim;
  g_autofree float *z = load (path, &dim);

  return z != NULL;
}

float *
unclip_negative_embedding (UnclipModel *model, UnclipImageTower *tower, BkContext *context, int *dim, GError **error)
{
  g_autofree char  *path = path_of (model, context);
  g_autofree float *z = load (path, dim), *zeros = NULL;
  g_autoptr (UnclipImageTower) own = NULL;
  gsize             size;

  if (z != NULL)
    return g_steal_pointer (&z);
  if (tower == NULL)
    tower = own = unclip_image_tower_new (model, context, error);
  if (tower == NULL)
    return NULL;
  size = unclip_image_tower_size (tower);
  zeros = g_new0 (float, size * size * 3);
  *dim = unclip_image_tower_dim (tower);
  z = g_new0 (float, *dim);
  if (! unclip_image_tower_encode (tower, zeros, 1, NULL, z, error))
    return NULL;
  if (path != NULL)
    keep (path, z, *dim);
  return g_steal_pointer (&z);
}
