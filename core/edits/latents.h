/* What latents hold, and inversion as edits share it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "run.h"

G_BEGIN_DECLS

/* Parts of decoding, each of which takes what it has stored to be its own. */
enum
{
  UNCLIP_SHARE_DECODER,
  UNCLIP_SHARE_FIRST_UPSAMPLER,
  UNCLIP_SHARE_SECOND_UPSAMPLER,
  UNCLIP_N_SHARES
};

struct _UnclipLatents
{
  char        *model, *caption;
  char        *fingerprints[UNCLIP_N_SHARES]; /* of what made each share that there is */
  char        *encoder;   /* fingerprint of what made z_i */
  char        *picture;   /* unclip_picture_digest() */
  char        *rng;       /* with @seed, of what methods that draw drew from; files from before these four have none of them */
  guint64      seed;
  int          n_steps;
  double       guidance_scale;
  gboolean     is_bf16;   /* the precision that they were made in, which alone returns the picture exactly */
  int          low_size, first_size, size;
  int          state_side, n_channels; /* of the decoder's states */
  int          dim;
  float       *z_i;       /* [dim] */
  float       *low;       /* [low_size, low_size, 3]: the clean picture at the decoder's size */
  int          second_n_steps; /* of the second upsampler; 0 where it has no share */
  UnclipTrace *trace;     /* of the decoder */
  UnclipTrace *super_res; /* of the first upsampler, whose pictures are first_size large; NULL where there is none */
  float       *first;     /* [first_size, first_size, 3]: the clean picture at the first upsampler's size */
  float       *rest;      /* [size, size, 3]: what the second upsampler lacks, given @first; both NULL where there is none */
};

/* Zeroed; goes with its last unclip_latents_free(). */
UnclipLatents *unclip_latents_new (void);

/* @best: what UNCLIP_INVERSION_DEFAULT stands for in this edit; the README has the measurements. */
UnclipInvertMethod unclip_inversion_method (UnclipInversion inversion, UnclipInvertMethod best);

/* As a latents file has it, and back: %FALSE if there is no such. */
const char *unclip_inversion_name    (UnclipInvertMethod method);
gboolean    unclip_inversion_of_name (const char *name, UnclipInvertMethod *method);

/* States that a trace keeps. */
int          unclip_inversion_states (UnclipInvertMethod method, int n_steps);
/* Passes of the decoder on one picture. */
double       unclip_inversion_cost (UnclipInvertMethod method, int n_steps);
/* Inverts the state @x through the decoder as it is conditioned. */
UnclipTrace *unclip_run_invert     (UnclipRun *run, UnclipDecoder *decoder, const float *x, UnclipInvertMethod method, GError **error);
/* The way back through the decoder as it is conditioned now; see unclip_trace_sample(). @x: a state */
gboolean     unclip_run_decode     (UnclipRun *run, UnclipDecoder *decoder, const UnclipTrace *trace, double eta, double keep, float *x, GError **error);
/* What the way back makes of the state @low when nothing is edited. Methods that keep what their steps
 * miss return it but for rounding: then no network is asked, and it costs nothing. */
gboolean     unclip_run_reconstruct     (UnclipRun *run, UnclipDecoder *decoder, const UnclipTrace *trace, const float *low, float *x, GError **error);
double       unclip_reconstruction_cost (UnclipInvertMethod method, int n_steps);

G_END_DECLS
