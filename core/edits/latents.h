/* What latents hold, and inversion as edits share it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "run.h"

G_BEGIN_DECLS

struct _UnclipLatents
{
  char        *model, *fingerprint, *caption;
  int          n_steps;
  double       guidance_scale;
  gboolean     is_bf16;   /* the precision that they were made in, which alone returns the picture exactly */
  int          low_size, size;
  int          dim;
  float       *z_i;       /* [dim] */
  float       *low;       /* [low_size, low_size, 3]: the clean picture at the decoder's size */
  UnclipTrace *trace;     /* of the decoder */
  UnclipTrace *super_res; /* of the upsampler; NULL where there is none */
};

/* @best: what UNCLIP_INVERSION_DEFAULT stands for in this edit; the README has the measurements. */
UnclipInvertMethod unclip_inversion_method (UnclipInversion inversion, UnclipInvertMethod best);

/* Passes of the decoder on one picture. */
double       unclip_inversion_cost (UnclipInvertMethod method, int n_steps);
/* Inverts @x [low_size, low_size, 3] through the decoder as it is conditioned. */
UnclipTrace *unclip_run_invert     (UnclipRun *run, UnclipDecoder *decoder, const float *x, UnclipInvertMethod method, GError **error);
/* The way back through the decoder as it is conditioned now; see unclip_trace_sample(). @x: [low_size, low_size, 3] */
gboolean     unclip_run_decode     (UnclipRun *run, UnclipDecoder *decoder, const UnclipTrace *trace, double eta, double keep, float *x, GError **error);

G_END_DECLS
