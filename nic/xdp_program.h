// SPDX-License-Identifier: GPL-2.0-only
//
// The XDP program that hands the frames of an interface's receive queue to an AF_XDP socket: every one, or
// those that a filter names (nic/xdp_steering.h) while the others go to the kernel's stack. A queue without a
// socket keeps its frames for the kernel. Attached by a BPF link: it is gone with this object, also when the
// process is killed. A program that is there already is never displaced. Frames of any size pass
// (BPF_F_XDP_HAS_FRAGS, Linux 5.18). Control thread only, except steering().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nic/file_descriptor.h"
#include "nic/xdp_steering_program.h"

namespace longhaul::nic {

class XdpProgram {
 public:
  // Frames of receive queue 0 that `filter` takes go to `socket` from now on. Attaches to the driver of the
  // interface, or ahead of the stack where the driver has no XDP. Throws with the reason, which names a
  // program that is in the way.
  XdpProgram(const std::string& interface, int socket, const SteeringFilter& filter = {});

  // SteeringProgram::counters(); empty where everything is taken.
  std::vector<std::pair<std::string, std::uint64_t>> steering() const;

 private:
  std::unique_ptr<SteeringProgram> steering_;
  UniqueFd link_;  // goes first
};

}  // namespace longhaul::nic
