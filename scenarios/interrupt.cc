// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/interrupt.h"

#include <signal.h>
#include <string.h>

#include <string>

namespace longhaul::scenario {
namespace {

volatile sig_atomic_t noted_signal = 0;

void note(int signal) {
  noted_signal = signal;
}

}  // namespace

Interrupted::Interrupted(int signal)
    : std::runtime_error("stopped by " + std::string(strsignal(signal))), signal_(signal) {}

void note_interrupts() {
  struct sigaction action {};
  action.sa_handler = note;  // no SA_RESTART: a wait ends early
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

void check_interrupt() {
  if (noted_signal != 0) throw Interrupted(noted_signal);
}

bool interrupted() {
  return noted_signal != 0;
}

}  // namespace longhaul::scenario
