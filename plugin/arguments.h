/* The arguments that every procedure has: seed, model, steps and the like; and how they become the
 * engine's options.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimp.h>

#include "pixels.h"
#include "unclip.h"

G_BEGIN_DECLS

/* What is left behind of an edit. */
typedef enum
{
  UNCLIP_PLUGIN_METADATA_NONE,
  UNCLIP_PLUGIN_METADATA_MARK, /* the image says in XMP that a model took part */
  UNCLIP_PLUGIN_METADATA_FULL  /* layers and the image's log say how, too */
} UnclipPluginMetadata;

/**
 * UnclipPluginSettings:
 * @model: name or folder; "" for the one that comes along
 * @image_encoder: (nullable): folder to take that component from
 * @seed: drawn anew if the argument was -1
 * @n_steps: 0: the model's default
 * @guidance_scale: 0: the model's default
 * @size: 0: what the model's first upsampler makes
 * @framing_name: (nullable): as scripts write it; %NULL: the procedure takes no picture
 * @metadata: what is left behind
 * @keeps_latents: with the layers, too
 * @reuses_latents: those of an earlier edit took the place of an inversion; once the job is done
 * @used: what the job used, where these leave the choice to the model; once it has begun
 * @notes: (element-type utf8): what the engine had to say beside the result
 * @read: (nullable): of these, what the user has read already
 *
 * The shared arguments as they will be used, and what came of them. Clear with unclip_plugin_settings_clear().
 */
typedef struct
{
  char           *model;
  char           *image_encoder;
  int             seed;
  int             n_steps;
  double          guidance_scale;
  int             size;
  UnclipFraming   framing;
  char           *framing_name;
  UnclipPrecision precision;
  UnclipPluginMetadata metadata;
  gboolean        keeps_latents, reuses_latents;
  UnclipUsed      used;
  GPtrArray      *notes;
  char          **read;
} UnclipPluginSettings;

/* Which shared arguments a procedure has beside seed, model and precision. */
typedef enum
{
  UNCLIP_PLUGIN_TAKES_STEPS = 1 << 0,
  UNCLIP_PLUGIN_TAKES_GUIDANCE = 1 << 1,
  UNCLIP_PLUGIN_TAKES_SIZE = 1 << 2,
  UNCLIP_PLUGIN_TAKES_PICTURE = 1 << 3, /* framing and image encoder */
  UNCLIP_PLUGIN_TAKES_LATENTS = 1 << 4, /* whether to keep them */
  UNCLIP_PLUGIN_TAKES_PLACE = 1 << 5,   /* where.h */
  UNCLIP_PLUGIN_TAKES_EDIT = UNCLIP_PLUGIN_TAKES_STEPS | UNCLIP_PLUGIN_TAKES_GUIDANCE | UNCLIP_PLUGIN_TAKES_SIZE | UNCLIP_PLUGIN_TAKES_PICTURE
} UnclipPluginTakes;

/* Adds the shared arguments, after the procedure's own. */
void unclip_plugin_add_arguments (GimpProcedure *procedure, UnclipPluginTakes takes);

/**
 * unclip_plugin_add_return_values:
 * @add_own: (nullable): adds the procedure's own
 *
 * Adds what every procedure returns: the new layers, the settings that were really used, and the notes.
 */
void unclip_plugin_add_return_values (GimpProcedure *procedure, UnclipPluginTakes takes, void (*add_own) (GimpProcedure *procedure));

/* A return value by its name; %NULL: the procedure has none of that name. */
GValue *unclip_plugin_value (GimpProcedure *procedure, GimpValueArray *values, const char *name);

/**
 * unclip_plugin_settings_read:
 *
 * Errors: %UNCLIP_ERROR_ARGUMENT for a text that is not UTF-8, which no argument's type keeps out.
 */
gboolean     unclip_plugin_settings_read    (UnclipPluginSettings *settings, GimpProcedureConfig *config, GError **error);
void         unclip_plugin_settings_clear   (UnclipPluginSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipPluginSettings, unclip_plugin_settings_clear)

UnclipModel *unclip_plugin_settings_model   (const UnclipPluginSettings *settings, GError **error);
/* @settings has to outlive the job, which fills in what it used and its notes. */
void         unclip_plugin_settings_options (UnclipPluginSettings *settings, UnclipOptions *options);
/* The precision used, as scripts write it. */
const char  *unclip_plugin_settings_precision (const UnclipPluginSettings *settings);
/* The notes, one a line, "" if there are none; transfer full. */
char        *unclip_plugin_settings_notes   (const UnclipPluginSettings *settings);

/**
 * unclip_plugin_success:
 * @layers: (transfer full): NULL-terminated
 *
 * The return values of a job that is done. Its notes are also told: to the user what he has not read, or on stderr if a script called.
 */
GimpValueArray *unclip_plugin_success (GimpProcedure *procedure, GimpRunMode run_mode, GimpLayer **layers,
                                       const UnclipPluginSettings *settings, UnclipModel *model);

/* What was selected when the edit that is made again was made, in the place of what is selected now; a copy is taken. Without rows:
 * nothing was. */
void                      unclip_plugin_set_selection (GimpProcedureConfig *config, const UnclipPluginPixels *selection);
/* %NULL: what is selected now counts. transfer none */
const UnclipPluginPixels *unclip_plugin_get_selection (GimpProcedureConfig *config);

/* What the user has read, by the dialog; @notes: (transfer full) */
void unclip_plugin_set_read (GimpProcedureConfig *config, char **notes);

/* A string argument; one that a script left out arrives as %NULL, and is "" here. transfer full */
char *unclip_plugin_text (GimpProcedureConfig *config, const char *property);
/* The parts of a list with commas, without spaces around them and without empty ones; transfer full. */
char **unclip_plugin_split (const char *text);
/**
 * unclip_plugin_line:
 * @text: whatever a user wrote
 *
 * @text made fit to be part of a name that is read in a list: one line without control characters, those that turn the
 * direction of writing included, and a short one.
 * Returns: (transfer full):
 */
char *unclip_plugin_line (const char *text);

G_END_DECLS
