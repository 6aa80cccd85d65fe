/* A layer that was scaled, turned or cropped while its result was made: the result follows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimp.h>

#include "work.h"

G_BEGIN_DECLS

/**
 * unclip_plugin_fit:
 * @result: in the image, with the size of the layer as it was taken
 * @now: the layer worked on
 *
 * Turns, mirrors, scales and moves @result as the layer was since. GIMP tells nobody how a layer came to its size,
 * so that is read from what it shows: the most alike of what could have been done.
 */
void unclip_plugin_fit (GimpLayer *result, const UnclipPluginWork *work, GimpLayer *now);

G_END_DECLS
