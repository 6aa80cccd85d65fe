/* The door of cli/get: models from a hub of repositories, as Hugging Face and its mirrors have them.
 *
 *     catalogue.c  THE table of models: their repositories, and what is needed of each
 *     hub.c        what a repository holds, and which of its files to take
 *     http.c       one request or one file: resumed, retried, checked
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* ---- catalogue.c ------------------------------------------------------------------------- */

/**
 * GetPart:
 * @from: folder in the repository, "" for its top
 * @to: folder in the model, "" for its top
 * @files: (nullable): names of the files that are taken, with spaces between; %NULL: configs and one set of weights
 */
typedef struct
{
  const char *from, *to, *files;
} GetPart;

/* A repository, and a %NULL-terminated list of parts. */
typedef struct
{
  const char    *name;
  const GetPart *parts;
} GetRepository;

/**
 * GetModel:
 * @name: what users type, and the name of the model's folder
 * @title: what it can do, to be translated
 * @licence: as its makers call it
 * @repositories: the last one has no name
 */
typedef struct
{
  const char          *name, *title, *licence;
  const GetRepository *repositories;
} GetModel;

/* Row @i of the table; %NULL after the last. */
const GetModel *get_model_at (guint i);
/* %NULL: there is no such model. */
const GetModel *get_model    (const char *name);

/* ---- http.c ------------------------------------------------------------------------------ */

typedef struct _GetHttp GetHttp;

/* Bytes of all files so far, and how many there will be. */
typedef void (*GetProgressFunc) (guint64 done, gpointer data);

/* @hub: its address, without a slash at the end; @token: (nullable): who asks, sent to that host alone. %NULL: libcurl
 * does not work. */
GetHttp *get_http_new  (const char *hub, const char *token, GCancellable *cancellable, GError **error);
void     get_http_free (GetHttp *http);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GetHttp, get_http_free)

const char *get_http_hub (const GetHttp *http);

/* What is at @path below the hub's address, at most 16 MB; transfer full. @what: for messages */
GBytes  *get_http_bytes (GetHttp *http, const char *path, const char *what, GError **error);

/**
 * GetFile:
 * @repository: where it is
 * @revision: commit of that
 * @path: in the repository
 * @to: below the model's folder
 * @size: in bytes
 * @sha256: (nullable): of what it holds
 * @sha1: (nullable): git's of it, for files that git keeps itself
 */
typedef struct
{
  char   *repository, *revision, *path, *to;
  guint64 size;
  char   *sha256, *sha1;
} GetFile;

void get_file_free (GetFile *file);

/* How much of @file is below @dir already. */
guint64  get_file_there (const GetFile *file, const char *dir);

/**
 * get_http_file:
 * @dir: the model's folder; missing folders of the file are made
 * @progress: called with the bytes of this file that are there
 *
 * Fetches a file into its place. It has its name as soon as it is whole and checked; until then what there is lies beside
 * that, and the next call goes on from there.
 * Returns: %FALSE with an error that names file and remedy
 */
gboolean get_http_file (GetHttp *http, const GetFile *file, const char *dir, GetProgressFunc progress, gpointer data, GError **error);

/* ---- hub.c ------------------------------------------------------------------------------- */

/* The files of @model: (element-type GetFile); transfer full. */
GPtrArray *get_hub_list (GetHttp *http, const GetModel *model, GError **error);

G_END_DECLS
