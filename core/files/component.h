/* What the networks see of a model: a component's config and weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "config.h"
#include "model.h"
#include "weights.h"

G_BEGIN_DECLS

/* Folder of a component; %UNCLIP_ERROR_MISSING names it and says where people get it (image_encoder:
 * openai/clip-vit-large-patch14 fits Karlo; --component image_encoder=DIR). transfer none. */
const char    *unclip_model_component_dir (UnclipModel *model, const char *component, GError **error);
gboolean       unclip_model_has           (UnclipModel *model, const char *component);
/* Name of component @i of those that the layout knows; NULL after the last. */
const char    *unclip_model_component     (guint i);
/* Adds what tells one component from another to @sum: its config, its weights' names, shapes and first bytes; nothing if it
 * cannot be read. */
void           unclip_model_digest        (UnclipModel *model, const char *component, GChecksum *sum);
/* config.json, scheduler_config.json or preprocessor_config.json of it, whichever the component has; transfer full. */
UnclipConfig  *unclip_model_config        (UnclipModel *model, const char *component, GError **error);
UnclipWeights *unclip_model_weights       (UnclipModel *model, const char *component, GError **error);
/* The same model, of whose weights only the headers are looked at: networks that are made of it only measure. transfer full. */
UnclipModel   *unclip_model_look_at       (UnclipModel *model);
/* unclip_model_info(), as far as files alone can tell. */
GPtrArray     *unclip_model_files         (UnclipModel *model);
/* A default that the model itself recommends (model_index.json, "_unclip_defaults"), else @fallback. Opening the model
 * has checked it, if it is in the list of model.c, to which a new one is added with its range. */
double         unclip_model_default       (UnclipModel *model, const char *name, double fallback);

/* The same of a picture's z_i [@dim]: far from all that the model was made for. @note: (out) (nullable) (transfer full)
 * Errors: %UNCLIP_ERROR_MODEL: the model's statistics are of another width. */
gboolean       unclip_model_note_picture  (UnclipModel *model, const float *z_i, int dim, char **note, GError **error);

G_END_DECLS
