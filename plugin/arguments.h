/* The arguments that every procedure has: seed, model, steps and the like; and how they become the
 * engine's options.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimp.h>

#include "unclip.h"

G_BEGIN_DECLS

/**
 * UnclipPluginSettings:
 * @model: name or folder; "" for the one that comes along
 * @image_encoder: (nullable): folder to take that component from
 * @seed: drawn anew if the argument was -1
 * @n_steps: 0: the model's default
 * @guidance_scale: 0: the model's default
 * @size: 0: what the model's first upsampler makes
 * @framing_name, @precision_name: as scripts write them
 *
 * The shared arguments as they will be used. Clear with unclip_plugin_settings_clear().
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
  char           *precision_name;
} UnclipPluginSettings;

/* Adds the shared arguments and, as return values 1 and on, the layers and the settings used: a procedure
 * calls these after it added its own arguments, and before its own return values. */
void unclip_plugin_add_arguments     (GimpProcedure *procedure);
void unclip_plugin_add_return_values (GimpProcedure *procedure);
/* Number of return values from unclip_plugin_add_return_values(), the status included. */
#define UNCLIP_PLUGIN_N_RETURN_VALUES 6

void         unclip_plugin_settings_read    (UnclipPluginSettings *settings, GimpProcedureConfig *config);
void         unclip_plugin_settings_clear   (UnclipPluginSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipPluginSettings, unclip_plugin_settings_clear)

UnclipModel *unclip_plugin_settings_model   (const UnclipPluginSettings *settings, GError **error);
void         unclip_plugin_settings_options (const UnclipPluginSettings *settings, UnclipOptions *options);

/**
 * unclip_plugin_success:
 * @layers: (transfer full): NULL-terminated
 * @n_steps: decoder steps that were taken
 */
GimpValueArray *unclip_plugin_success (GimpProcedure *procedure, GimpLayer **layers, const UnclipPluginSettings *settings, UnclipModel *model, int n_steps);

/* A string argument; one that a script left out arrives as %NULL, and is "" here. transfer full */
char *unclip_plugin_text (GimpProcedureConfig *config, const char *property);

G_END_DECLS
