/* What our programs do before they begin: no library has started yet, of which libgomp reads its settings then, and GLib may
 * fail already. A part of each program, as only a program's own functions are called so early.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <alloca.h>
#include <libintl.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unclip.h"

#define N_(text) text

/* A thread that waits looks this often before it sleeps: some microseconds, which the next kernel is usually
 * within. libgomp's own 300,000 cost up to a hundredfold when another program wants a core. */
#define SPIN_COUNT "3000"
/* Bytes of stack, some times what a job was seen to use (62 KB above a kernel's own). */
#define STACK_SIZE (1 << 20)

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

/* Whether @text, the last of a library that gives up, is about memory or threads: then one line says it for people. */
static void
translate (const char *text)
{
  if (strstr (text, "alloc") != NULL)
    give_up (N_("There is not enough memory to go on; close other programs, or use a smaller size"));
  if (strstr (text, "hread") != NULL)
    give_up (N_("The system refuses another thread; close other programs, or raise the limit on processes"));
}

/* GLib ends the process by a signal when it is refused memory or a thread; first it says so here. */
static void
hear (const char    *domain,
      GLogLevelFlags level,
      const char    *message,
      gpointer       data)
{
  /* A text for which there was no memory is none. */
  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_FLAG_FATAL)) != 0)
    translate (message != NULL ? message : "alloc");
  g_log_default_handler (domain, level, message, data);
}

/* What was written to stderr and not flushed: g_printerr () does, libraries that give up do not. */
static char last_words[BUFSIZ];

static void
hear_last_words (gboolean are_last)
{
  size_t n = __fpending (stderr);

  last_words[MIN (n, sizeof last_words - 1)] = '\0';
  if (are_last)
    translate (last_words);
  write_all (last_words);
  __fpurge (stderr);
}

/* libgomp gives up so; what else is there is a remark of some library. */
static void
hear_exit (int      status,
           gpointer data)
{
  hear_last_words (status != 0 && strstr (last_words, "libgomp: ") != NULL);
}

static void
hear_abort (int number)
{
  hear_last_words (TRUE);
  unclip_parts_remove_all ();
  signal (number, SIG_DFL);
  raise (number);
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

/* The first thread's stack grows as it is used, and one that may not grow is the end without a word: of 180 pictures at 78 and
 * 79 MB of ulimit -v two ended so. It takes its room now, of which no page is used. */
__attribute__ ((noinline)) static void
grow_stack (void)
{
  volatile char *room = alloca (STACK_SIZE);

  *room = 0;
}

static void
take_stack (void)
{
  struct rlimit limit;
  void         *room;

  if (getrlimit (RLIMIT_STACK, &limit) < 0 || limit.rlim_cur < 2 * STACK_SIZE)
    return;
  room = mmap (NULL, STACK_SIZE + STACK_SIZE / 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED)
    give_up (N_("There is not enough memory to go on; close other programs, or use a smaller size"));
  munmap (room, STACK_SIZE + STACK_SIZE / 4);
  grow_stack ();
}

static void
begin (int    argc,
       char **argv,
       char **envp)
{
  struct sigaction action = { .sa_handler = hear_abort };

  calm_threads (argv, envp);
  take_stack ();
  g_log_set_default_handler (hear, NULL);
  setvbuf (stderr, last_words, _IOFBF, sizeof last_words - 1);
  on_exit (hear_exit, NULL);
  sigaction (SIGABRT, &action, NULL);
}

__attribute__ ((section (".preinit_array"), used)) static void (*const first) (int argc, char **argv, char **envp) = begin;
