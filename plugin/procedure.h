/* What a procedure is: a descriptor, over which registration, run, dialog and tests go in the same way for all.
 *
 * To add one: a file with its descriptor, and a line in the list of plugin.c; a help page of its name with examples.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimp.h>

#include "arguments.h"
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

typedef struct _UnclipPluginJob UnclipPluginJob;

/**
 * UnclipPluginDescriptor:
 * @name: in the PDB; after the prefix it is that of the help page
 * @menu_label: with a mnemonic
 * @title: of dialog and progress
 * @blurb: one line, for lists of procedures
 * @help: what it does, for whoever writes a script
 * @hint: what it does, above the dialog's rows
 * @input: what it works on
 * @takes: which shared arguments it has beside seed, model and precision
 * @needs: (array zero-terminated=1) (nullable): components that a model may lack and this cannot do without
 * @needs_one_of: (array zero-terminated=1) (nullable): components of which one is enough
 * @captions: ends at one without an argument
 * @add_arguments: its own, which come first in calls and in the dialog
 * @add_values: (nullable): its own return values
 * @has_candidates: what it makes is chosen from, where a user is there: the engine leaves candidates
 * @stages: (nullable): what changes from one candidate to the next, where one may go from each to the other
 * @tell: (nullable): what tells a candidate from others of the same job; %NULL: its seed. transfer full
 * @make: reads its own arguments and has the engine work; errors are one sentence. Calls nothing of GIMP, as a dialog has it run in a
 *   thread of its own
 * @name_results: says what becomes of the pictures, by unclip_plugin_job_add()
 * @set_values: (nullable): of a job that is done
 * @run: (nullable): in the place of all that job.h has; then it has its own arguments and return values alone
 * @show: (nullable): what there is to see beside the layers, to a user who is there
 *
 * Texts are marked for translation, and translated where they are used.
 */
struct _UnclipPluginDescriptor
{
  const char          *name, *menu_label, *title, *blurb, *help, *hint;
  UnclipPluginInput    input;
  UnclipPluginTakes    takes;
  const char *const   *needs, *const *needs_one_of;
  UnclipPluginCaption  captions[UNCLIP_PLUGIN_MAX_CAPTIONS + 1];
  gboolean             has_candidates;
  const char          *stages;
  char              *(*tell)          (const UnclipPluginJob *job, int number);
  void               (*add_arguments) (GimpProcedure *procedure);
  void               (*add_values)    (GimpProcedure *procedure);
  gboolean           (*make)          (UnclipPluginJob *job, GError **error);
  gboolean           (*name_results)  (UnclipPluginJob *job, GError **error);
  void               (*set_values)    (const UnclipPluginJob *job, GimpValueArray *values);
  void               (*show)          (const UnclipPluginJob *job);
  GimpValueArray    *(*run)           (GimpProcedure *procedure, GimpRunMode run_mode, GimpImage *image, GimpDrawable **drawables, GimpProcedureConfig *config);
};

/* All of them, in the order of the menu; ends at %NULL. */
extern const UnclipPluginDescriptor *const unclip_plugin_procedures[];
extern const UnclipPluginDescriptor unclip_plugin_variations;
extern const UnclipPluginDescriptor unclip_plugin_text_edit;
extern const UnclipPluginDescriptor unclip_plugin_interpolate;
extern const UnclipPluginDescriptor unclip_plugin_mix;
extern const UnclipPluginDescriptor unclip_plugin_generate;
extern const UnclipPluginDescriptor unclip_plugin_enlarge;
extern const UnclipPluginDescriptor unclip_plugin_probe;
extern const UnclipPluginDescriptor unclip_plugin_edit_again;

/* The one of that name, in the PDB; %NULL: there is none. */
const UnclipPluginDescriptor *unclip_plugin_descriptor (const char *name);

/**
 * unclip_plugin_run:
 * @procedure: from unclip_plugin_procedure_new() of @descriptor
 * @drawables: (array zero-terminated=1):
 *
 * One run with @config as it is, after the user was asked where @run_mode says so.
 * Returns: (transfer full): as the procedure returns them
 */
GimpValueArray *unclip_plugin_run (const UnclipPluginDescriptor *descriptor, GimpProcedure *procedure, GimpRunMode run_mode, GimpImage *image,
                                   GimpDrawable **drawables, GimpProcedureConfig *config);

/* What GIMP wants to know about it at start-up: needs no model and touches no engine. @descriptor has to last. */
GimpProcedure *unclip_plugin_procedure_new (GimpPlugIn *plug_in, const UnclipPluginDescriptor *descriptor);

G_END_DECLS
