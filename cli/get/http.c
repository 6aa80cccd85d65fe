/* One request, or one file: by libcurl, resumed where it was cut off, tried again where that helps, checked before it gets its name.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "get.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"

#define CONNECT_SECONDS 30L
#define SILENT_SECONDS 30L  /* without a byte: the connection is dead */
#define N_TRIES 5           /* in a row that bring nothing */
#define LONGEST_WAIT 60     /* seconds between two of them */
#define LARGEST_ANSWER (16 << 20)
#define LARGEST_HASHED (1 << 20)

#define LIBCURL "libcurl.so.4"

/* libcurl, loaded by what fetches and by nothing else: the libraries that come with it begin to work, and to complain, as soon as they are
 * there, which takes every other command 50,000 allocations. */
static struct
{
  __typeof__ (&curl_easy_init)         easy_init;
  __typeof__ (&curl_easy_cleanup)      easy_cleanup;
  __typeof__ (&curl_easy_perform)      easy_perform;
  __typeof__ (&(curl_easy_setopt))     easy_setopt;
  __typeof__ (&(curl_easy_getinfo))    easy_getinfo;
  __typeof__ (&curl_easy_strerror)     easy_strerror;
  __typeof__ (&curl_slist_append)      slist_append;
  __typeof__ (&curl_slist_free_all)    slist_free_all;
} lib;

static gboolean
load (GError **error)
{
  void *libcurl = dlopen (LIBCURL, RTLD_NOW | RTLD_LOCAL);
  const struct
  {
    const char *name;
    void      **function;
  } functions[] = {
    { "curl_easy_init", (void **) &lib.easy_init },
    { "curl_easy_cleanup", (void **) &lib.easy_cleanup },
    { "curl_easy_perform", (void **) &lib.easy_perform },
    { "curl_easy_setopt", (void **) &lib.easy_setopt },
    { "curl_easy_getinfo", (void **) &lib.easy_getinfo },
    { "curl_easy_strerror", (void **) &lib.easy_strerror },
    { "curl_slist_append", (void **) &lib.slist_append },
    { "curl_slist_free_all", (void **) &lib.slist_free_all },
  };

  for (guint i = 0; libcurl != NULL && i < G_N_ELEMENTS (functions); i++)
    if ((*functions[i].function = dlsym (libcurl, functions[i].name)) == NULL)
      libcurl = NULL;
  if (libcurl == NULL)
    g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s is not there, which fetches: install libcurl4 or what it is called on your system"), LIBCURL);
  return libcurl != NULL;
}

struct _GetHttp
{
  char              *hub;
  CURL              *curl;
  struct curl_slist *headers;
  GCancellable      *cancellable;
};

GetHttp *
get_http_new (const char   *hub,
              const char   *token,
              GCancellable *cancellable,
              GError      **error)
{
  GetHttp    *http;
  gboolean    is_plain = g_ascii_strncasecmp (hub, "http://", 7) == 0;
  const char *schemes = is_plain ? "http,https" : "https";

  if (! load (error))
    return NULL;
  http = g_new0 (GetHttp, 1);
  http->hub = g_strdup (hub);
  g_set_object (&http->cancellable, cancellable);
  http->curl = lib.easy_init ();
  if (http->curl == NULL)
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("libcurl does not start"));
      get_http_free (http);
      return NULL;
    }
  /* libcurl sends it to the first host alone, not to where that one points. */
  if (token != NULL)
    {
      g_autofree char *header = g_strconcat ("Authorization: Bearer ", token, NULL);

      http->headers = lib.slist_append (NULL, header);
      lib.easy_setopt (http->curl, CURLOPT_HTTPHEADER, http->headers);
    }
  lib.easy_setopt (http->curl, CURLOPT_USERAGENT, "unclip/" UNCLIP_VERSION);
  lib.easy_setopt (http->curl, CURLOPT_PROTOCOLS_STR, schemes);
  lib.easy_setopt (http->curl, CURLOPT_REDIR_PROTOCOLS_STR, schemes);
  lib.easy_setopt (http->curl, CURLOPT_FOLLOWLOCATION, 1L);
  lib.easy_setopt (http->curl, CURLOPT_MAXREDIRS, 8L);
  lib.easy_setopt (http->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
  lib.easy_setopt (http->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  lib.easy_setopt (http->curl, CURLOPT_LOW_SPEED_TIME, SILENT_SECONDS);
  lib.easy_setopt (http->curl, CURLOPT_NOSIGNAL, 1L);
  lib.easy_setopt (http->curl, CURLOPT_NOPROGRESS, 0L);
  return http;
}

void
get_http_free (GetHttp *http)
{
  g_clear_pointer (&http->curl, lib.easy_cleanup);
  g_clear_pointer (&http->headers, lib.slist_free_all);
  g_clear_object (&http->cancellable);
  g_free (http->hub);
  g_free (http);
}

const char *
get_http_hub (const GetHttp *http)
{
  return http->hub;
}

void
get_file_free (GetFile *file)
{
  g_free (file->repository);
  g_free (file->revision);
  g_free (file->path);
  g_free (file->to);
  g_free (file->sha256);
  g_free (file->sha1);
  g_free (file);
}

/* ---- one request ------------------------------------------------------------------------- */

/* Where what comes goes: into memory or into a file. */
typedef struct
{
  GetHttp        *http;
  GByteArray     *bytes;   /* (nullable) */
  int             fd;
  guint64         offset;  /* that was asked for */
  guint64         n;       /* bytes of the file that are there */
  guint64         size;    /* of the whole file */
  gboolean        is_begun, is_too_long;
  int             failure; /* errno of writing, 0: none */
  GetProgressFunc progress;
  gpointer        data;
} Sink;

static int
look_for_cancel (gpointer data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
  return g_cancellable_is_cancelled (data);
}

static gboolean
start_over (Sink *sink)
{
  sink->offset = sink->n = 0;
  if (ftruncate (sink->fd, 0) == 0 && lseek (sink->fd, 0, SEEK_SET) == 0)
    return TRUE;
  sink->failure = errno;
  return FALSE;
}

/* Before the first byte of a body: servers may send the whole file although they were asked for its end. */
static gboolean
begin (Sink *sink)
{
  long status = 0;

  lib.easy_getinfo (sink->http->curl, CURLINFO_RESPONSE_CODE, &status);
  sink->is_begun = TRUE;
  return status == 206 || sink->offset == 0 || start_over (sink);
}

static gsize
take (char *data, gsize one, gsize n, gpointer to)
{
  Sink *sink = to;

  if (sink->bytes != NULL)
    {
      if (sink->bytes->len + n > LARGEST_ANSWER)
        return 0;
      g_byte_array_append (sink->bytes, (guint8 *) data, n);
      return n;
    }
  if (! sink->is_begun && ! begin (sink))
    return 0;
  if (n > sink->size - sink->n)
    {
      sink->is_too_long = TRUE;
      return 0;
    }
  for (gsize done = 0; done < n;)
    {
      gssize k = write (sink->fd, data + done, n - done);

      if (k < 0 && errno == EINTR)
        continue;
      if (k < 0)
        {
          sink->failure = errno;
          return 0;
        }
      done += k;
      sink->n += k;
    }
  if (sink->progress != NULL)
    sink->progress (sink->n, sink->data);
  return n;
}

/* A server's refusal, in words that help. */
static void
set_refusal (GetHttp    *http,
             long        status,
             const char *what,
             GError    **error)
{
  switch (status)
    {
    case 401:
    case 403:
      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED,
                   _("%s does not give %s to everyone (%ld): accept its licence on its page there, and set HF_TOKEN to an access token of yours"),
                   http->hub, what, status);
      break;
    case 404:
    case 410:
      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED,
                   _("There is no %s at %s (%ld): its makers may have withdrawn it; UNCLIP_HUB=URL names another hub that has a copy"), what, http->hub, status);
      break;
    case 429:
    case 503:
      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s has too much to do for %s (%ld): call again later, and what is here already is kept"),
                   http->hub, what, status);
      break;
    default:
      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s answers %ld for %s: call again later, and what is here already is kept"), http->hub, status, what);
    }
}

/* Whether the same request may do better in a moment. */
static gboolean
is_passing (CURLcode code,
            long     status)
{
  switch (code)
    {
    case CURLE_OK:
    case CURLE_HTTP_RETURNED_ERROR:
      return status == 408 || status == 425 || status == 429 || status >= 500;
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_COULDNT_RESOLVE_HOST:
      return TRUE;
    default:
      return FALSE;
    }
}

/* FALSE: cancelled. */
static gboolean
wait_seconds (GetHttp *http,
              int      n,
              GError **error)
{
  for (int i = 0; i < 10 * n && ! g_cancellable_is_cancelled (http->cancellable); i++)
    g_usleep (G_USEC_PER_SEC / 10);
  return ! g_cancellable_set_error_if_cancelled (http->cancellable, error);
}

/* Asks until the whole of it is there. @path: below the hub's address; @what: for messages */
static gboolean
ask (GetHttp    *http,
     const char *path,
     const char *what,
     Sink       *sink,
     GError    **error)
{
  g_autofree char *url = g_strconcat (http->hub, path, NULL);
  char             said[CURL_ERROR_SIZE] = "";

  lib.easy_setopt (http->curl, CURLOPT_URL, url);
  lib.easy_setopt (http->curl, CURLOPT_FAILONERROR, 1L);
  lib.easy_setopt (http->curl, CURLOPT_ERRORBUFFER, said);
  lib.easy_setopt (http->curl, CURLOPT_WRITEFUNCTION, take);
  lib.easy_setopt (http->curl, CURLOPT_WRITEDATA, sink);
  lib.easy_setopt (http->curl, CURLOPT_XFERINFOFUNCTION, look_for_cancel);
  lib.easy_setopt (http->curl, CURLOPT_XFERINFODATA, http->cancellable);

  for (int try = 1;; try++)
    {
      guint64    before = sink->n;
      curl_off_t after = 0;
      long       status = 0;
      CURLcode   code;
      char       range[32];

      sink->offset = sink->n;
      sink->is_begun = FALSE;
      if (sink->bytes != NULL)
        g_byte_array_set_size (sink->bytes, 0);
      /* CURLOPT_RESUME_FROM_LARGE would end in an error where the server sends all of it. */
      g_snprintf (range, sizeof range, "%" G_GUINT64_FORMAT "-", sink->offset);
      lib.easy_setopt (http->curl, CURLOPT_RANGE, sink->offset > 0 ? range : (char *) NULL);
      code = lib.easy_perform (http->curl);
      lib.easy_getinfo (http->curl, CURLINFO_RESPONSE_CODE, &status);
      lib.easy_getinfo (http->curl, CURLINFO_RETRY_AFTER, &after);

      if (g_cancellable_set_error_if_cancelled (http->cancellable, error))
        return FALSE;
      if (code == CURLE_OK && (sink->bytes != NULL || sink->n == sink->size))
        return TRUE;
      if (sink->failure != 0)
        {
          g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s cannot be written: %s; what is here already is kept"), what, g_strerror (sink->failure));
          return FALSE;
        }
      if (sink->is_too_long)
        {
          g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s is longer than %s says it is: call again later"), what, http->hub);
          return FALSE;
        }
      if (status == 416 && sink->offset > 0 && start_over (sink)) /* there is less than there was */
        continue;
      if (sink->n > before)
        try = 0;
      if (try >= N_TRIES || ! (is_passing (code, status) || code == CURLE_OK))
        {
          if (code == CURLE_HTTP_RETURNED_ERROR || code == CURLE_OK)
            set_refusal (http, status, what, error);
          else
            g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s cannot be fetched from %s: %s; call again, and what is here already is kept"),
                         what, http->hub, said[0] != '\0' ? said : lib.easy_strerror (code));
          return FALSE;
        }
      /* Hubs that say how long mean it; else 1, 2, 4 … seconds. */
      if (! wait_seconds (http, after > 0 ? MIN (after, LONGEST_WAIT) : MIN (1 << try, LONGEST_WAIT) / 2, error))
        return FALSE;
    }
}

GBytes *
get_http_bytes (GetHttp    *http,
                const char *path,
                const char *what,
                GError    **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  Sink sink = { .http = http, .bytes = bytes, .fd = -1 };

  if (! ask (http, path, what, &sink, error))
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

/* ---- one file ---------------------------------------------------------------------------- */

/* Beside its place, under a name of what it will hold, so that another revision's beginning is no part of it. */
static char *
part_path (const GetFile *file,
           const char    *dir)
{
  const char      *of = file->sha256 != NULL ? file->sha256 : file->sha1 != NULL ? file->sha1 : file->revision;
  g_autofree char *folder = g_path_get_dirname (file->to), *name = g_path_get_basename (file->to);
  g_autofree char *part = g_strdup_printf (".%s.%.12s.part", name, of);

  return g_build_filename (dir, folder, part, NULL);
}

static guint64
size_of (const char *path)
{
  struct stat info;

  return stat (path, &info) == 0 && S_ISREG (info.st_mode) ? info.st_size : 0;
}

guint64
get_file_there (const GetFile *file,
                const char    *dir)
{
  g_autofree char *path = g_build_filename (dir, file->to, NULL), *part = part_path (file, dir);

  if (size_of (path) == file->size && g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return file->size;
  return MIN (size_of (part), file->size);
}

/* Whether the file at @fd holds what it should; %FALSE with @error %NULL where it does not. */
static gboolean
holds (int            fd,
       const GetFile *file,
       GCancellable  *cancellable,
       GError       **error)
{
  const char           *wanted = file->sha256 != NULL ? file->sha256 : file->sha1;
  g_autoptr (GChecksum) sum = NULL;
  g_autofree guint8    *buffer = g_malloc (LARGEST_HASHED);
  gssize                n;

  if (wanted == NULL)
    return TRUE;
  sum = g_checksum_new (file->sha256 != NULL ? G_CHECKSUM_SHA256 : G_CHECKSUM_SHA1);
  if (file->sha256 == NULL) /* as git has it: of a head, too */
    {
      g_autofree char *head = g_strdup_printf ("blob %" G_GUINT64_FORMAT, file->size);

      g_checksum_update (sum, (guint8 *) head, strlen (head) + 1);
    }
  lseek (fd, 0, SEEK_SET);
  while ((n = read (fd, buffer, LARGEST_HASHED)) > 0)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      g_checksum_update (sum, buffer, n);
    }
  return n == 0 && g_ascii_strcasecmp (g_checksum_get_string (sum), wanted) == 0;
}

static gboolean
fetch (GetHttp        *http,
       const GetFile  *file,
       const char     *part,
       int             fd,
       GetProgressFunc progress,
       gpointer        data,
       GError        **error)
{
  g_autofree char *what = g_strdup_printf ("%s/%s", file->repository, file->path);
  g_autofree char *escaped = g_uri_escape_string (file->path, "/", FALSE);
  g_autofree char *path = g_strdup_printf ("/%s/resolve/%s/%s", file->repository, file->revision, escaped);
  Sink             sink = { .http = http, .fd = fd, .size = file->size, .progress = progress, .data = data };
  GError          *cancelled = NULL;

  sink.n = size_of (part);
  if (sink.n > file->size && ftruncate (fd, 0) == 0)
    sink.n = 0;
  lseek (fd, sink.n, SEEK_SET);
  if (sink.n < file->size && ! ask (http, path, what, &sink, error))
    return FALSE;
  if (holds (fd, file, http->cancellable, &cancelled))
    return TRUE;
  if (cancelled != NULL)
    {
      g_propagate_error (error, cancelled);
      return FALSE;
    }
  g_unlink (part);
  g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("What came of %s is not what %s says it holds, and was thrown away: call again"), what, http->hub);
  return FALSE;
}

gboolean
get_http_file (GetHttp        *http,
               const GetFile  *file,
               const char     *dir,
               GetProgressFunc progress,
               gpointer        data,
               GError        **error)
{
  g_autofree char *path = g_build_filename (dir, file->to, NULL), *part = part_path (file, dir), *folder = g_path_get_dirname (path);
  g_autofree char *shown = g_filename_display_name (path);
  gboolean         is_done = FALSE;
  int              fd;

  if (get_file_there (file, dir) == file->size && g_file_test (path, G_FILE_TEST_IS_REGULAR))
    return TRUE;
  if (g_mkdir_with_parents (folder, 0777) < 0 || (fd = g_open (part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666)) < 0)
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s cannot be written: %s; name another folder with --into"), shown, g_strerror (errno));
      return FALSE;
    }
  if (flock (fd, LOCK_EX | LOCK_NB) < 0)
    g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s is being fetched by another unclip get: wait for that one"), shown);
  else if (fetch (http, file, part, fd, progress, data, error))
    {
      /* First all of it is on the disk, then it has its name. */
      is_done = fsync (fd) == 0 && g_rename (part, path) == 0;
      if (! is_done)
        g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s cannot be written: %s; name another folder with --into"), shown, g_strerror (errno));
    }
  close (fd);
  return is_done;
}
