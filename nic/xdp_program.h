// SPDX-License-Identifier: GPL-2.0-only
//
// The XDP program that hands every frame of an interface's receive queue to an AF_XDP socket; a queue without
// a socket keeps its frames for the kernel. Attached by a BPF link: it is gone with this object, also
// when the process is killed. A program that is there already is never displaced. Frames of any size pass
// (BPF_F_XDP_HAS_FRAGS, Linux 5.18). Control thread only.
#pragma once

#include <string>

#include "nic/file_descriptor.h"

namespace longhaul::nic {

class XdpProgram {
 public:
  // All frames of receive queue 0 go to `socket` from now on. Attaches to the driver of the interface, or
  // ahead of the stack where the driver has no XDP. Throws with the reason, which names a program that is in
  // the way.
  XdpProgram(const std::string& interface, int socket);

 private:
  UniqueFd link_;
};

}  // namespace longhaul::nic
