/* The door of files: whatever strangers wrote. Model folders, config.json, safetensors.
 * Nothing here trusts a length, an offset, a shape or a name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "component.h"
#include "config.h"
#include "family.h"
#include "model.h"
#include "tensors.h"
#include "vocabulary.h"
#include "weights.h"
