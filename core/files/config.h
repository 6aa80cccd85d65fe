/* A component's config.json, read with the defaults that old files rely on.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

#include "base.h"

G_BEGIN_DECLS

/* One JSON object and the path it came from, for messages. */
typedef struct _UnclipConfig UnclipConfig;

/* Refuses files over 16 MB, deep nesting and what is not an object (%UNCLIP_ERROR_FILE). */
UnclipConfig *unclip_config_load (const char *path, GError **error);
void          unclip_config_free (UnclipConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipConfig, unclip_config_free)

const char *unclip_config_path (const UnclipConfig *config);
JsonObject *unclip_config_json (const UnclipConfig *config); /* transfer none */

/* Each sets *@out; an absent or null member gives @fallback. Wrong type or a value outside
 * [@min, @max]: %UNCLIP_ERROR_MODEL naming the file, the member and the value. */
gboolean unclip_config_int    (const UnclipConfig *config, const char *name, int fallback, int min, int max, int *out, GError **error);
gboolean unclip_config_double (const UnclipConfig *config, const char *name, double fallback, double min, double max, double *out, GError **error);
gboolean unclip_config_bool   (const UnclipConfig *config, const char *name, gboolean fallback, gboolean *out, GError **error);
/* @fallback may be NULL; *@out belongs to the config. */
gboolean unclip_config_string (const UnclipConfig *config, const char *name, const char *fallback, const char **out, GError **error);
/* 1 to @max_n values; absent: %UNCLIP_ERROR_MODEL. A single number counts as a list of @max_n equal
 * ones if @repeat is TRUE (attention_head_dim may be either). */
gboolean unclip_config_ints    (const UnclipConfig *config, const char *name, int min, int max, int max_n, int *out, int *n_out, GError **error);
gboolean unclip_config_strings (const UnclipConfig *config, const char *name, int max_n, const char **out, int *n_out, GError **error);
/**
 * unclip_config_blocks:
 * @types: (array zero-terminated=1): names of the types that there are
 * @out: (out caller-allocates): [n_levels], the type of each, by its place in @types; of a plain one and one that attends: whether it attends
 *
 * down_block_types and up_block_types: a type for each level. Errors: %UNCLIP_ERROR_MODEL for another number than @n_levels, and
 * naming a type that is none of @types.
 */
gboolean unclip_config_blocks  (const UnclipConfig *config, const char *name, const char *const *types, int n_levels, int *out, GError **error);
/* An absent or null member, or exactly @wanted; anything else is of a family that we do not run: %UNCLIP_ERROR_MODEL.
 * @wanted NULL: only absent or null. */
gboolean unclip_config_expect_string (const UnclipConfig *config, const char *name, const char *wanted, GError **error);
gboolean unclip_config_expect_bool   (const UnclipConfig *config, const char *name, gboolean wanted, GError **error);
/* %UNCLIP_ERROR_MODEL: member @name says @value, which belongs to a family that we do not run. Returns FALSE. */
gboolean unclip_config_refuse        (const UnclipConfig *config, const char *name, const char *value, GError **error);
/* The object that member @name is, as a config of its own with the same path; NULL if there is none. transfer full. */
UnclipConfig *unclip_config_whole (const UnclipConfig *config); /* the same once more */
UnclipConfig *unclip_config_part (const UnclipConfig *config, const char *name);
gboolean unclip_config_has     (const UnclipConfig *config, const char *name);
/* The whole object in a form of our own, for a fingerprint: members sorted, numbers by value, without nulls and what only says who
 * wrote it. transfer full. */
char    *unclip_config_text    (const UnclipConfig *config);

G_END_DECLS
