/* Which model it was: of all of it, or of what one part of decoding uses.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "run.h"

G_BEGIN_DECLS

/**
 * unclip_stage_fingerprint:
 * @stage: %UNCLIP_STAGE_DECODER, with what makes its condition, or one of the upsamplers
 *
 * As unclip_model_fingerprint(), over what that stage of decoding looks at and nothing else.
 * Returns: (transfer full): 16 digits
 */
char *unclip_stage_fingerprint (UnclipModel *model, UnclipStages stage);

G_END_DECLS
