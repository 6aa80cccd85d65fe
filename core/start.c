/* What our programs do before they begin: no library has started yet, of which libgomp reads its settings then, and GLib may
 * fail already. A part of each program, as only a program's own functions are called so early.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <libintl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "unclip.h"

#define N_(text) text

/* A thread that waits looks this often before it sleeps: some microseconds, which the next kernel is usually
 * within. libgomp's own 300,000 cost up to a hundredfold when another program wants a core. */
#define SPIN_COUNT "3000"

static void
write_all (const char *text)
{
  /* Where stderr cannot be written to, nobody can be told. */
  if (write (STDERR_FILENO, text, strlen (text)) < 0)
    return;
}

/* Without memory of its own, as there may be none left. */
G_NORETURN static void
give_up (const char *sentence)
{
  unclip_parts_remove_all ();
  write_all ("unclip: ");
  write_all (dgettext (GETTEXT_PACKAGE, sentence));
  write_all ("\n");
  _exit (EXIT_FAILURE);
}

/* GLib ends the process by a signal when it is refused memory or a thread; first it says so here. */
static void
hear (const char    *domain,
      GLogLevelFlags level,
      const char    *message,
      gpointer       data)
{
  gboolean is_error = (level & (G_LOG_LEVEL_ERROR | G_LOG_FLAG_FATAL)) != 0;

  /* A text for which there was no memory is none. */
  if (is_error && (message == NULL || strstr (message, "failed to allocate") != NULL))
    give_up (N_("There is not enough memory to go on; close other programs, or use a smaller size"));
  if (is_error && strstr (message, "creating thread") != NULL)
    give_up (N_("The system refuses another thread; close other programs, or raise the limit on processes"));
  g_log_default_handler (domain, level, message, data);
}

static gboolean
has_variable (char *const *envp,
              const char  *name)
{
  for (; *envp != NULL; envp++)
    if (g_str_has_prefix (*envp, name))
      return TRUE;
  return FALSE;
}

/* Only the environment tells libgomp how long to wait, and nobody else can add to it so early: the C library has not looked at
 * it yet. So the program begins again in its own place, or goes on as it is where it cannot. It shall not where it would come
 * out as another one: it was given to the dynamic loader to run, which then is what the system takes for the program, or to valgrind. */
static void
calm_threads (char **argv,
              char **envp)
{
  int n = 0;

  if (has_variable (envp, "GOMP_SPINCOUNT=") || has_variable (envp, "OMP_WAIT_POLICY=") || getauxval (AT_BASE) == 0)
    return;
  while (envp[n] != NULL)
    if (strstr (envp[n++], "/vgpreload_") != NULL)
      return;
  {
    char *more[n + 2];

    memcpy (more, envp, n * sizeof *more);
    more[n] = (char *) "GOMP_SPINCOUNT=" SPIN_COUNT;
    more[n + 1] = NULL;
    execve ("/proc/self/exe", argv, more);
  }
}

static void
begin (int    argc,
       char **argv,
       char **envp)
{
  calm_threads (argv, envp);
  g_log_set_default_handler (hear, NULL);
}

__attribute__ ((section (".preinit_array"), used)) static void (*const first) (int argc, char **argv, char **envp) = begin;
