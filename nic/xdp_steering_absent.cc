// SPDX-License-Identifier: GPL-2.0-only
//
// In a build without clang.
#include "nic/xdp_steering_object.h"

namespace longhaul::nic {

std::span<const std::byte> steering_object() {
  return {};
}

}  // namespace longhaul::nic
