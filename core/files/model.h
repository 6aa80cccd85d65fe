/* A model folder in the diffusers layout, its components, and where models are looked for.
 * Public: unclip.h includes it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "../base/job.h"

G_BEGIN_DECLS

/**
 * UnclipModel:
 *
 * A model folder. Opening it reads model_index.json and looks for the components; their
 * configs and weights are read when something needs them. Immutable afterwards.
 */
typedef struct _UnclipModel UnclipModel;

/**
 * unclip_model_open:
 * @name: a folder, or the name of one in the search path ("toybox"); %NULL: Toybox
 * @components: (nullable): NULL-terminated "component=DIR", for what the folder lacks; "prior_model=DIR" for the other repository of a
 *   model that comes in two
 *
 * Search path: $UNCLIP_MODEL_PATH (colon separated), $XDG_DATA_HOME/unclip/models, the system
 * data directories' unclip/models.
 * Errors: %UNCLIP_ERROR_MISSING says where it looked; %UNCLIP_ERROR_FILE, %UNCLIP_ERROR_ARGUMENT; %UNCLIP_ERROR_MODEL for
 * a recommended default out of its range, or a damaged statement of what the model was made for.
 */
UNCLIP_API UnclipModel *unclip_model_open (const char *name, const char *const *components, GError **error);
UNCLIP_API UnclipModel *unclip_model_ref  (UnclipModel *model);
UNCLIP_API void         unclip_model_unref (UnclipModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipModel, unclip_model_unref)

UNCLIP_API const char *unclip_model_path (const UnclipModel *model);
UNCLIP_API const char *unclip_model_name (const UnclipModel *model); /* folder's base name */
/* Models in the search path: folders with a model_index.json; transfer full, NULL-terminated. */
UNCLIP_API char      **unclip_model_list (void);

/**
 * UnclipModelAbout:
 * @sentence: (nullable): what it was made for, in its maker's own words, one line
 * @licence: (nullable): of the weights
 * @words: (array zero-terminated=1): those of captions that it learnt; may be empty
 */
typedef struct
{
  const char        *sentence, *licence;
  const char *const *words;
} UnclipModelAbout;

/* What the model says of itself (model_index.json, "_unclip_about"); transfer none. %NULL: nothing, as most do. */
UNCLIP_API const UnclipModelAbout *unclip_model_about (UnclipModel *model);
/**
 * unclip_model_note_caption:
 * @y: (nullable): what somebody types, or has typed
 *
 * The note that a job with this caption gives (see #UnclipNoteFunc): it has words, none of which the model learnt. Runs
 * nothing, so that a dialog can ask at every key.
 * Returns: (transfer full) (nullable): one translated sentence; %NULL: there is nothing to say
 */
UNCLIP_API char *unclip_model_note_caption (UnclipModel *model, const char *y);

typedef struct
{
  char    *name;      /* "decoder" */
  char    *class_name; /* "UNet2DConditionModel" */
  char    *path;      /* NULL: missing */
  char    *problem;   /* NULL: sound; else one sentence */
  gboolean required;  /* without it nothing works; else some jobs do */
  char    *dtype;     /* "F32"; NULL for components without weights */
  guint64  n_parameters;
  guint64  size;      /* bytes of weights */
} UnclipComponentInfo;

/* Every component the layout knows, sound or not: (element-type UnclipComponentInfo) (transfer full).
 * Builds each as a job would, without reading the weights' values, and asks whether it fits the others: what a job would
 * refuse when it loads is found here. Implemented in edits/info.c. */
UNCLIP_API GPtrArray *unclip_model_info (UnclipModel *model);
/* First 16 hex digits of SHA-256 over all configs, the vocabulary and the weights' names, shapes and first bytes: which model made this. */
UNCLIP_API char      *unclip_model_fingerprint (UnclipModel *model);

G_END_DECLS
