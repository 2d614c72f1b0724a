// SPDX-License-Identifier: GPL-2.0-only
//
// Ctrl-C and `kill` become a question that the control thread asks between steps, so that everything is taken
// down by the ordinary destructors.
#pragma once

#include <stdexcept>

namespace longhaul::scenario {

// SIGINT, SIGTERM or SIGHUP came; main exits with 128 + signal.
class Interrupted : public std::runtime_error {
 public:
  explicit Interrupted(int signal);
  int signal() const { return signal_; }

 private:
  int signal_;
};

// From now on those signals are only noted. Call once, before threads are made. SIGPIPE is ignored.
void note_interrupts();

// Throws Interrupted when one was noted.
void check_interrupt();

// Whether one was noted.
bool interrupted();

}  // namespace longhaul::scenario
