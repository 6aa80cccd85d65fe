/* How the process ends before its time. A thread of its own waits for Ctrl-C and its like, as next to nothing may be
 * called from a handler; every other thread has them blocked. What kills outright takes unfinished files along.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <signal.h>
#include <unistd.h>

typedef struct
{
  GCancellable *cancellable;
  sigset_t      signals;
} Watch;

static gpointer
watch_signals (gpointer data)
{
  Watch *watch = data;
  int    number;

  sigwait (&watch->signals, &number);
  g_cancellable_cancel (watch->cancellable);

  /* Somebody who asks twice does not want to wait for the step to end. */
  sigwait (&watch->signals, &number);
  unclip_parts_end ();
  _exit (130);
}

static void
die (int number)
{
  unclip_parts_remove_all ();
  signal (number, SIG_DFL);
  raise (number);
}

/* "nohup", and shells that run us in the background, ignore a signal on our behalf; it stays ignored. Sanitizers have
 * handlers of their own. */
static gboolean
has_default (int number)
{
  struct sigaction action;

  return sigaction (number, NULL, &action) == 0 && action.sa_handler == SIG_DFL;
}

static void
handle (int number)
{
  struct sigaction action = { .sa_handler = die };

  sigemptyset (&action.sa_mask);
  if (has_default (number))
    sigaction (number, &action, NULL);
}

GCancellable *
cmd_interrupt_start (void)
{
  static const int polite[] = { SIGINT, SIGTERM, SIGHUP };
  static const int deadly[] = { SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGPIPE, SIGALRM, SIGXCPU,
                                SIGVTALRM, SIGPROF, SIGUSR1, SIGUSR2 };
  /* Lives as long as the process does. */
  Watch   *watch = g_new0 (Watch, 1);
  GThread *thread;

  /* Writing then fails, which is looked at. */
  signal (SIGXFSZ, SIG_IGN);
  for (guint i = 0; i < G_N_ELEMENTS (deadly); i++)
    handle (deadly[i]);

  watch->cancellable = g_cancellable_new ();
  sigemptyset (&watch->signals);
  for (guint i = 0; i < G_N_ELEMENTS (polite); i++)
    if (has_default (polite[i]))
      sigaddset (&watch->signals, polite[i]);
  pthread_sigmask (SIG_BLOCK, &watch->signals, NULL);
  thread = g_thread_try_new ("signals", watch_signals, watch, NULL);
  if (thread != NULL)
    g_thread_unref (thread);
  else
    {
      /* Where no thread is to be had, they end the process at once. */
      for (guint i = 0; i < G_N_ELEMENTS (polite); i++)
        handle (polite[i]);
      pthread_sigmask (SIG_UNBLOCK, &watch->signals, NULL);
    }
  return watch->cancellable;
}
