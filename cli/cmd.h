/* The door of the command line: what its subcommands share. Each of them is one file cmd-NAME.c with one
 * function, which parses its arguments into a CmdJob, calls core, and says what came of it.
 *
 * Every error ends in main.c, which makes one line and an exit status of it: 2 for CMD_ERROR_USAGE, GLib's
 * option errors and UNCLIP_ERROR_ARGUMENT, 130 for a cancelled call, 1 for anything else.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>
#include <stdio.h>

#include "picture.h"
#include "unclip.h"

G_BEGIN_DECLS

/**
 * CmdError:
 * @CMD_ERROR_USAGE: the arguments are wrong; the message names the option and what it takes
 * @CMD_ERROR_FAILED: a picture or a folder is not as it must be
 */
typedef enum
{
  CMD_ERROR_USAGE,
  CMD_ERROR_FAILED
} CmdError;

#define CMD_ERROR (cmd_error_quark ())
GQuark cmd_error_quark (void);

/* ---- the job (job.c) ------------------------------------------------------------------- */

typedef enum
{
  CMD_METADATA_NONE,
  CMD_METADATA_XMP,
  CMD_METADATA_FULL
} CmdMetadata;

/* The bar on stderr. */
typedef struct
{
  gint64   start, last; /* monotonic time of the first and of the last drawing, 0: none yet */
  double   first;       /* share that was there before the start */
  gboolean is_shown;
} CmdProgress;

/**
 * CmdJob:
 * @command: the subcommand's name
 * @options: for core, filled in by cmd_job_parse()
 * @model_name: (nullable): --model, or the MODEL operand
 * @prior_model: (nullable): --prior-model
 * @components: (nullable): --component
 * @operands: (nullable): what is not an option, as many as asked for
 * @model: (nullable): after cmd_job_open_model()
 * @notes: (element-type utf8): what core had to say beside its results, for --json
 * @settings: what was asked for, in the words of the options; for --json and --metadata full
 * @report: the JSON object that --json prints
 */
typedef struct
{
  const char    *command;
  UnclipOptions  options;
  char          *model_name;
  char          *prior_model;
  char         **components;
  char         **operands;
  gboolean       quiet, json;
  CmdMetadata    metadata;
  CmdProgress    progress;
  gint64         start;
  UnclipModel   *model;
  JsonArray     *notes;
  JsonObject    *settings;
  JsonObject    *report;
} CmdJob;

/* Which of the common options a subcommand takes; --quiet and --json are everyone's. */
typedef enum
{
  CMD_TAKES_MODEL = 1 << 0,      /* --model */
  CMD_TAKES_COMPONENTS = 1 << 1, /* --component */
  CMD_TAKES_THREADS = 1 << 2,    /* --threads, --precision */
  CMD_TAKES_SEED = 1 << 3,       /* --seed */
  CMD_TAKES_SAMPLING = 1 << 4,   /* --rng, --steps, --guidance, --size, --framing, … */
  CMD_TAKES_METADATA = 1 << 5,   /* --metadata */
  CMD_TAKES_METHOD = 1 << 6,     /* --method */
  CMD_TAKES_NOISE_LEVEL = 1 << 7, /* --noise-level */
  CMD_TAKES_PICTURE = CMD_TAKES_MODEL | CMD_TAKES_COMPONENTS | CMD_TAKES_THREADS | CMD_TAKES_SEED | CMD_TAKES_SAMPLING
} CmdTakes;

/**
 * CmdHelp:
 * @usage: what follows the command's name in its usage line
 * @summary: what it does, above the options
 * @examples: below the options
 * @n_operands, @n_required: the most and the fewest arguments that are not options
 *
 * Texts are translated when they are shown.
 */
typedef struct
{
  const char *usage, *summary, *examples;
  CmdTakes    takes;
  int         n_operands, n_required;
} CmdHelp;

/* See output.c, below. */
typedef struct _CmdOutput CmdOutput;

typedef gboolean (*CmdFunc) (CmdJob *job, int argc, char **argv, GError **error);

gboolean cmd_job_parse      (CmdJob *job, const CmdHelp *help, const GOptionEntry *entries, int argc, char **argv, GError **error);
gboolean cmd_job_open_model (CmdJob *job, GError **error);
/* Writes pictures, those that @images has from @first on, under the names of @output, and delivers it. @is_composite: made from
 * a user's picture. @original: (nullable): the picture, if they are to be of its size and shape; @images then begin with its reconstruction. */
gboolean cmd_job_save       (CmdJob *job, CmdOutput *output, GPtrArray *images, int first, CmdPicture *original, gboolean is_composite, GError **error);
/* Gives the files of @output their names and finishes the job. If that cannot be said on stdout, nothing was made. */
gboolean cmd_job_deliver    (CmdJob *job, CmdOutput *output, GError **error);
/* Says what was made, on stdout: a JSON object with --json, else one path a line, nothing with --quiet. */
gboolean cmd_job_finish     (CmdJob *job, const char *const *files, GError **error);
void     cmd_job_clear      (CmdJob *job);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CmdJob, cmd_job_clear)

/* One line on stderr, "unclip: @message", whatever a file or its name had in it. @command: (nullable): whose --help is named
 * behind it, with a space at its end */
void cmd_print_message (const char *message, const char *command);
/* Prints a JSON object and a newline, in UTF-8 whatever the locale. */
void cmd_print_json (JsonObject *object);

/* ---- arguments (arguments.c) -------------------------------------------------------------
 *
 * Numbers are parsed here and not by GOption, which takes "12x" for 12 and knows no ranges. @text is what
 * the user wrote, %NULL if nothing: then *@out stays as it is. Errors: CMD_ERROR_USAGE. */

gboolean cmd_require (gconstpointer value, const char *option, GError **error);
gboolean cmd_int     (const char *text, const char *option, int min, int max, int *out, GError **error);
/* "8,16" to numbers; one that comes again counts once. @numbers: transfer full; at most 64 */
gboolean cmd_ints    (const char *text, const char *option, int min, int max, int **numbers, int *n, GError **error);
gboolean cmd_seed    (const char *text, const char *option, guint64 *out, GError **error);
gboolean cmd_double  (const char *text, const char *option, double min, double max, double *out, GError **error);
/* @choices: NULL-terminated; *@out becomes an index into it. */
gboolean cmd_choice  (const char *text, const char *option, const char *const *choices, int *out, GError **error);
/* A text for people, as the shell gave it; becomes UTF-8 in place. Nothing given: "". */
gboolean cmd_text    (char **text, const char *option, GError **error);

/* ---- progress and Ctrl-C (progress.c, interrupt.c) --------------------------------------- */

/* An UnclipProgressFunc; @progress is a CmdProgress. */
void          cmd_progress_show  (const UnclipProgress *step, gpointer progress);
/* The same for what is fetched; what is there when it is first called took no time. */
void          cmd_progress_show_bytes (CmdProgress *progress, guint64 done, guint64 size);
/* Takes the bar away. */
void          cmd_progress_clear (CmdProgress *progress);
/* Whether there is somebody to look at a bar. */
gboolean      cmd_progress_wanted (void);

/* Before any thread is made. The cancellable is cancelled by the first SIGINT, SIGTERM or SIGHUP; a second one
 * ends the process at once, and takes along what is not done, as other deadly signals do. transfer none. */
GCancellable *cmd_interrupt_start (void);

/* ---- pictures (png.c, output.c, metadata.c; picture.h has their reading) ------------------- */

/* Writes 8-bit sRGB. @xmp: (nullable); @path: for messages */
typedef struct _CmdPng CmdPng;

CmdPng  *cmd_png_new  (FILE *file, int width, int height, int n_channels, const char *xmp, const char *path, GError **error);
/* The next @n rows, [n, width, n_channels], 0 to 1. */
gboolean cmd_png_rows (CmdPng *png, const float *rows, int n, GError **error);
gboolean cmd_png_end  (CmdPng *png, GError **error);
void     cmd_png_free (CmdPng *png);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CmdPng, cmd_png_free)

/* The XMP of a picture that @job made; transfer full, %NULL if it wants none. @is_composite: made from a user's picture. */
char        *cmd_metadata_xmp          (const CmdJob *job, gboolean is_composite);
/* Whether the XMP somewhere in a file says that all of the picture was made by a model. */
gboolean     cmd_metadata_is_generated (const void *data, gsize size);

/* Files that appear all together or not at all: pictures are written under another name beside their own.
 *
 * Both "new" make the last level of the folder if it is missing, and find out now, not after minutes of
 * work, whether the files can be made: those called @names in a folder, or @n, "F.png" or "F-1.png" and so on,
 * whose name ends in @suffix. A @path of "-" is stdout, where one picture may go. */
CmdOutput         *cmd_output_new_in   (const char *dir, char **names, GError **error);
CmdOutput         *cmd_output_new_file (const CmdJob *job, const char *path, const char *suffix, int n, GError **error);
/* "apple" for "DIR/apple.jpg": what pictures made from that file begin with; transfer full. */
char              *cmd_output_stem     (const char *path);
/* Writes the next picture. @xmp: (nullable) */
gboolean           cmd_output_add      (CmdOutput *output, const UnclipImage *image, const char *xmp, GError **error);
/* The same of an edit, brought back to the size and shape of @original while it is written. */
gboolean           cmd_output_add_fitted (CmdOutput *output, CmdPicture *original, const UnclipImage *before, const UnclipImage *after,
                                          const UnclipOptions *options, const char *xmp, GError **error);
/* The one file's own path, for core to write to; what was there comes back unless the output is kept. transfer none, %NULL: failed. */
const char        *cmd_output_hold     (CmdOutput *output, GError **error);
/* Gives the files their names. */
gboolean           cmd_output_commit   (CmdOutput *output, GError **error);
/* From now on they are there. */
void               cmd_output_keep     (CmdOutput *output);
/* NULL-terminated; transfer none. */
const char *const *cmd_output_files    (const CmdOutput *output);
/* Takes back what was not kept. */
void               cmd_output_free     (CmdOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CmdOutput, cmd_output_free)

/* ---- the subcommands (cmd-NAME.c) ---------------------------------------------------------- */

gboolean cmd_info        (CmdJob *job, int argc, char **argv, GError **error);
gboolean cmd_generate    (CmdJob *job, int argc, char **argv, GError **error);
gboolean cmd_variations  (CmdJob *job, int argc, char **argv, GError **error);
gboolean cmd_text_edit   (CmdJob *job, int argc, char **argv, GError **error);
gboolean cmd_interpolate (CmdJob *job, int argc, char **argv, GError **error);
gboolean cmd_mix         (CmdJob *job, int argc, char **argv, GError **error);
gboolean cmd_invert      (CmdJob *job, int argc, char **argv, GError **error);
gboolean cmd_decode      (CmdJob *job, int argc, char **argv, GError **error);
gboolean cmd_upscale     (CmdJob *job, int argc, char **argv, GError **error);
gboolean cmd_probe       (CmdJob *job, int argc, char **argv, GError **error);
gboolean cmd_get         (CmdJob *job, int argc, char **argv, GError **error);
gboolean cmd_doctor      (CmdJob *job, int argc, char **argv, GError **error);
gboolean cmd_eval        (CmdJob *job, int argc, char **argv, GError **error);
gboolean cmd_bench       (CmdJob *job, int argc, char **argv, GError **error);
gboolean cmd_synth       (CmdJob *job, int argc, char **argv, GError **error);

G_END_DECLS
