/* Pictures from files. They are held as they come, in 8 or 16 bits, and handed on by rows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "unclip.h"

G_BEGIN_DECLS

/**
 * CmdPicture:
 * @n_channels: 3 (RGB) or 4 (RGB and straight alpha), sRGB
 * @depth: bits of a channel, 8 or 16 (of this machine's byte order)
 * @stride: bytes from one row to the next
 * @owner: what the rows belong to, a plain block of memory if it has no @owner_free
 */
typedef struct
{
  int            width, height, n_channels, depth;
  gsize          stride;
  guint8        *rows;
  gpointer       owner;
  GDestroyNotify owner_free;
} CmdPicture;

/* What is in the file besides pixels. */
typedef struct
{
  int      orientation; /* EXIF: 1 as it is, 2 to 4 mirrored or turned about, 5 to 8 with sides exchanged; 0: not known */
  GBytes  *profile;     /* (nullable): ICC */
  gboolean is_generated;
} CmdAside;

/**
 * cmd_picture_read:
 * @is_generated: (out) (optional): whether its metadata says that all of it was made by a model
 *
 * PNG with up to 16 bits, and whatever gdk-pixbuf reads; turned and coloured as a viewer shows it.
 * Errors: CMD_ERROR_FAILED, UNCLIP_ERROR_MEMORY, also for what is cut short.
 */
CmdPicture *cmd_picture_read (const char *path, gboolean *is_generated, GError **error);
/* Zero-filled; %NULL when the memory is refused. */
CmdPicture *cmd_picture_new  (int width, int height, int n_channels, int depth);
/* @picture, whose rows somebody else has made, counted by unclip_memory_hold() until it is freed. */
CmdPicture *cmd_picture_held (CmdPicture *picture);
void        cmd_picture_free (CmdPicture *picture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CmdPicture, cmd_picture_free)

/* It by rows, for as long as it lives. */
UnclipRows  cmd_picture_rows (CmdPicture *picture);

/**
 * cmd_picture_read_reduced:
 * @original: (out) (optional) (transfer full): all of it, to bring edits back to its size
 *
 * A picture to edit, see unclip_frame_reduce().
 */
UnclipImage *cmd_picture_read_reduced (const char *path, const UnclipOptions *options, gboolean *is_generated, CmdPicture **original, GError **error);
/* All of a picture in float; transfer full. */
UnclipImage *cmd_picture_read_image   (const char *path, gboolean *is_generated, GError **error);

/* ---- behind it (picture.c, png.c, pixbuf.c, colour.c, exif.c) ----------------------------------------------- */

/* Whether a picture of this size is read at all, and there is the memory that decoding takes. */
gboolean    cmd_picture_check_size (const char *path, int width, int height, int bytes_per_pixel, GError **error);
gboolean    cmd_picture_no_memory  (const char *path, GError **error);

CmdPicture *cmd_png_read    (const char *path, GBytes *file, CmdAside *aside, GError **error);
CmdPicture *cmd_pixbuf_read (const char *path, GBytes *file, CmdAside *aside, GError **error);
/* Brings a picture to sRGB; profiles that say nothing for it are left aside. */
void        cmd_colour_convert   (CmdPicture *picture, GBytes *profile);
/* Of EXIF as it is in files, from the byte order mark on, or what JPEG has before it; 0: it does not say. */
int         cmd_exif_orientation (const guint8 *exif, gsize size);

G_END_DECLS
