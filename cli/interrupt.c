/* Ctrl-C. A thread of its own waits for the signals, as next to nothing may be called from a handler;
 * every other thread has them blocked.
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
  _exit (130);
}

/* "nohup", and shells that run us in the background, ignore a signal on our behalf; it stays ignored. */
static void
add_signal (Watch *watch,
            int    number)
{
  struct sigaction action;

  if (sigaction (number, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
    sigaddset (&watch->signals, number);
}

GCancellable *
cmd_interrupt_start (void)
{
  /* Lives as long as the process does. */
  Watch *watch = g_new0 (Watch, 1);

  watch->cancellable = g_cancellable_new ();
  sigemptyset (&watch->signals);
  add_signal (watch, SIGINT);
  add_signal (watch, SIGTERM);
  pthread_sigmask (SIG_BLOCK, &watch->signals, NULL);
  g_thread_unref (g_thread_new ("signals", watch_signals, watch));
  return watch->cancellable;
}
