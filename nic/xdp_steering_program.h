// SPDX-License-Identifier: GPL-2.0-only
//
// The steering program in the kernel, loaded for one filter, with its map of sockets and its counters; not
// attached to anything (nic/xdp_program.h does that). The kernel keeps it for as long as this object lives or
// it is attached. The filter is fixed once loaded; another one is another program. Control thread only,
// except counters(), which may be called from anywhere.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nic/xdp_steering.h"

struct bpf_object;

namespace longhaul::nic {

class SteeringProgram {
 public:
  // For a filter with terms. Throws std::runtime_error with the reason.
  explicit SteeringProgram(const SteeringFilter& filter);

  int fd() const { return program_; }

  // What is taken on receive queue 0 goes to this AF_XDP socket; before, the kernel gets it too. Throws.
  void deliver_to(int socket);

  // Frames by what became of them, each in one: `taken TERM` for every term, and `passed no_match`, `passed
  // malformed`, `passed fragment` and `passed no_socket` (nic/xdp_steering_abi.h). Throws.
  std::vector<std::pair<std::string, std::uint64_t>> counters() const;

 private:
  struct Close {
    void operator()(bpf_object* object) const;
  };
  std::uint64_t read(std::uint32_t counter) const;

  std::vector<SteeringTerm> terms_;
  std::unique_ptr<bpf_object, Close> object_;  // owns the descriptors below
  int program_ = -1, sockets_ = -1, counters_ = -1;
};

}  // namespace longhaul::nic
