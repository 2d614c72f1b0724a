// SPDX-License-Identifier: GPL-2.0-only
//
// Puts this process ahead of others for the CPU, as far as an ordinary scheduling class can. Linux groups
// processes by session (sched_autogroup), so nice values count within a session only; what counts between
// sessions is the nice value of the group. Never a real-time class: a polling SCHED_FIFO thread starves the
// kernel's own network threads on its CPU.
#pragma once

#include <string>

namespace longhaul::nic {

class PriorityBoost {
 public:
  PriorityBoost();   // does nothing, and says so, where the kernel or our rights do not allow it
  ~PriorityBoost();  // puts back what was there
  PriorityBoost(const PriorityBoost&) = delete;
  PriorityBoost& operator=(const PriorityBoost&) = delete;

  bool active() const { return !previous_.empty(); }

 private:
  std::string previous_;  // nice value of our group before; empty when nothing was changed
};

// For a thread that polls: first among the threads of its session, and sleeps that end when asked rather than
// up to 50 us later. Acts on the calling thread; what is not allowed is left as it is.
void prepare_polling_thread();

}  // namespace longhaul::nic
