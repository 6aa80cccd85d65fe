/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Adds the tests of linear layers and convolutions. */
void layers_add (void);
