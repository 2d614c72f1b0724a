// SPDX-License-Identifier: GPL-2.0-only
//
// In a build with clang: the linker made these symbols of the object's path in the build directory.
#include "nic/xdp_steering_object.h"

extern "C" {
extern const std::byte _binary_nic_xdp_steering_bpf_o_start[];
extern const std::byte _binary_nic_xdp_steering_bpf_o_end[];
}

namespace longhaul::nic {

std::span<const std::byte> steering_object() {
  return {_binary_nic_xdp_steering_bpf_o_start, _binary_nic_xdp_steering_bpf_o_end};
}

}  // namespace longhaul::nic
