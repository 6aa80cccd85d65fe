/* What a model says of itself (model_index.json, "_unclip_about"): a sentence, its licence, the words that it learnt, and
 * statistics of z_i by which a picture that it was not made for is told.
 *
 *   { "sentence": "Toybox knows …", "licence": "GPL-3.0-or-later", "words": ["ball", …], "fillers": ["a", "of", …],
 *     "z_i": { "file": "about.safetensors", "threshold": 100 } }
 *
 * Every member may be left out, and so may the file: then nothing is said of pictures. Fillers are words of its captions that name nothing. The file, beside model_index.json, has
 * directions [n_directions, dim] and centres [n_centres, n_directions], both F32: a picture is as far from what the model knows
 * as directions z_i from the nearest centre, squared. A model of many kinds of pictures has many centres: its z_i lie around
 * them and not around their mean, where those of strange pictures fall. What the directions are scaled by is the spread of
 * the model's own pictures around their centre, so that steps which it never makes count much (Mahalanobis' distance).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "config.h"
#include "model.h"

G_BEGIN_DECLS

typedef struct _UnclipAbout UnclipAbout;

/**
 * unclip_about_new:
 * @index: model_index.json
 * @dir: its folder
 * @about: (out) (nullable) (transfer full): %NULL if the model says nothing
 *
 * Errors: %UNCLIP_ERROR_MODEL or %UNCLIP_ERROR_FILE names the file and what is wrong with it.
 */
gboolean unclip_about_new  (const UnclipConfig *index, const char *dir, UnclipAbout **about, GError **error);
void     unclip_about_free (UnclipAbout *about);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipAbout, unclip_about_free)

const UnclipModelAbout *unclip_about_public (const UnclipAbout *about);

/* Whether the model learnt a word of @y, in any case, singular or plural; TRUE where @y names nothing at all. */
gboolean unclip_about_knows_caption (const UnclipAbout *about, const char *y);
/* Whether there are statistics of z_i [@dim]. Errors: %UNCLIP_ERROR_MODEL: they are of another width. */
gboolean unclip_about_has_z_i       (const UnclipAbout *about);
gboolean unclip_about_distance      (const UnclipAbout *about, const float *z_i, int dim, double *distance, GError **error);
double   unclip_about_threshold     (const UnclipAbout *about);

G_END_DECLS
