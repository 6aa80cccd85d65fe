/* A set of named tensors in memory, read from and written to safetensors: latents files, goldens.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "base.h"

G_BEGIN_DECLS

typedef enum
{
  UNCLIP_DTYPE_F64,
  UNCLIP_DTYPE_F32,
  UNCLIP_DTYPE_F16,
  UNCLIP_DTYPE_BF16,
  UNCLIP_DTYPE_I64,
  UNCLIP_DTYPE_I32,
  UNCLIP_DTYPE_U8,
  UNCLIP_DTYPE_BOOL,
  /* What the format has besides: known so that files that hold it are read, but computed with nowhere. */
  UNCLIP_DTYPE_U64,
  UNCLIP_DTYPE_U32,
  UNCLIP_DTYPE_U16,
  UNCLIP_DTYPE_I16,
  UNCLIP_DTYPE_I8,
  UNCLIP_DTYPE_C64,
  UNCLIP_DTYPE_F8_E4M3,
  UNCLIP_DTYPE_F8_E4M3FNUZ,
  UNCLIP_DTYPE_F8_E5M2,
  UNCLIP_DTYPE_F8_E5M2FNUZ,
  UNCLIP_DTYPE_F8_E8M0,
  UNCLIP_DTYPE_F6_E3M2,
  UNCLIP_DTYPE_F6_E2M3,
  UNCLIP_DTYPE_F4
} UnclipDtype;

#define UNCLIP_MAX_DIMS 8

typedef struct
{
  UnclipDtype dtype;
  int         n_dims;
  int         dims[UNCLIP_MAX_DIMS];
  gsize       n; /* number of values */
  void       *data;
} UnclipTensor;

typedef struct _UnclipTensors UnclipTensors;

UnclipTensors *unclip_tensors_new  (void);
void           unclip_tensors_free (UnclipTensors *tensors);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipTensors, unclip_tensors_free)

/* %UNCLIP_ERROR_FILE for a file whose tensors are mostly holes, %UNCLIP_ERROR_MEMORY for one larger than what there is. */
UnclipTensors *unclip_tensors_load (const char *path, GError **error);
/* Written beside @path and renamed, so that a failure leaves no partial file. */
gboolean       unclip_tensors_save (UnclipTensors *tensors, const char *path, GError **error);

/* Zero-filled tensor that the set owns; replaces one of that name. NULL with %UNCLIP_ERROR_MEMORY. */
UnclipTensor  *unclip_tensors_add  (UnclipTensors *tensors, const char *name, UnclipDtype dtype, int n_dims, const int *dims, GError **error);
void           unclip_tensors_remove (UnclipTensors *tensors, const char *name);
/* transfer none; NULL if absent. */
UnclipTensor  *unclip_tensors_find (UnclipTensors *tensors, const char *name);
/* The same, but absence, another dtype (int64 also reads from I32) or number of dims is an error (%UNCLIP_ERROR_FILE);
 * dims given as -1 match any size. */
UnclipTensor  *unclip_tensors_get  (UnclipTensors *tensors, const char *name, UnclipDtype dtype, GError **error, int n_dims, ...);
/* Names in order, NULL-terminated, transfer full. */
char         **unclip_tensors_names (UnclipTensors *tensors);

/* __metadata__: strings. */
const char *unclip_tensors_metadata     (UnclipTensors *tensors, const char *key);
void        unclip_tensors_set_metadata (UnclipTensors *tensors, const char *key, const char *value);

G_END_DECLS
