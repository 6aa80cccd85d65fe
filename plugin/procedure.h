/* What a procedure is: a descriptor, over which registration, run, dialog and tests go in the same way for all.
 *
 * To add one: a file with its descriptor, and a line in the list of plugin.c; a help page of its name with examples.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimp.h>

#include "arguments.h"
#include "progress.h"
#include "results.h"
#include "work.h"

G_BEGIN_DECLS

#define UNCLIP_PLUGIN_PREFIX "plug-in-unclip-"
#define UNCLIP_PLUGIN_MAX_CAPTIONS 2

typedef struct _UnclipPluginDescriptor UnclipPluginDescriptor;

/**
 * UnclipPluginCaption:
 * @argument: name of a text argument that the model is to understand
 * @example: shown where it is empty
 * @is_needed: there is no OK while it is empty
 */
typedef struct
{
  const char *argument, *example;
  gboolean    is_needed;
} UnclipPluginCaption;

/**
 * UnclipPluginJob:
 * @work: what is worked on, taken at OK
 * @settings: the shared arguments
 * @options: for the engine, with the progress bar
 * @squares: (element-type UnclipImage) (nullable): what the engine made; goes with the job
 * @before: (transfer none): the square that the model says is the picture, for unclip_plugin_results_place()
 * @results: (element-type UnclipPluginResult): from the top down
 * @group_name: (nullable): for several layers
 *
 * One run of a procedure. @squares to @group_name are what its make() fills in.
 */
typedef struct
{
  const UnclipPluginDescriptor *descriptor;
  GimpProcedure                *procedure;
  GimpProcedureConfig          *config;
  UnclipPluginWork              work;
  UnclipPluginSettings          settings;
  UnclipModel                  *model;
  UnclipOptions                 options;
  UnclipPluginProgress          progress;
  GPtrArray                    *squares;
  const UnclipImage            *before;
  GPtrArray                    *results;
  char                         *group_name;
} UnclipPluginJob;

/**
 * UnclipPluginDescriptor:
 * @name: in the PDB; after the prefix it is that of the help page
 * @menu_label: with a mnemonic
 * @title: of dialog and progress
 * @blurb: one line, for lists of procedures
 * @help: what it does, for whoever writes a script
 * @hint: what it does, above the dialog's rows
 * @takes: which shared arguments it has beside seed, model and precision
 * @needs: (array zero-terminated=1): components that a model may lack and this cannot do without
 * @captions: ends at one without an argument
 * @add_arguments: its own, which come first in calls and in the dialog
 * @add_values: (nullable): its own return values
 * @make: reads its own arguments, has the engine work, and names what came of it; errors are one sentence
 * @set_values: (nullable): of a job that is done
 *
 * Texts are marked for translation, and translated where they are used.
 */
struct _UnclipPluginDescriptor
{
  const char          *name, *menu_label, *title, *blurb, *help, *hint;
  UnclipPluginTakes    takes;
  const char *const   *needs;
  UnclipPluginCaption  captions[UNCLIP_PLUGIN_MAX_CAPTIONS + 1];
  void               (*add_arguments) (GimpProcedure *procedure);
  void               (*add_values)    (GimpProcedure *procedure);
  gboolean           (*make)          (UnclipPluginJob *job, GError **error);
  void               (*set_values)    (const UnclipPluginJob *job, GimpValueArray *values);
};

extern const UnclipPluginDescriptor unclip_plugin_variations;
extern const UnclipPluginDescriptor unclip_plugin_text_edit;

/* What GIMP wants to know about it at start-up: needs no model and touches no engine. @descriptor has to last. */
GimpProcedure *unclip_plugin_procedure_new (GimpPlugIn *plug_in, const UnclipPluginDescriptor *descriptor);

/* For make(): the work as the engine sees it; transfer full, %NULL with an error. */
UnclipImage   *unclip_plugin_job_picture   (UnclipPluginJob *job, GError **error);

G_END_DECLS
