// SPDX-License-Identifier: GPL-2.0-only
//
// The compiled steering program (nic/xdp_steering.bpf.c), an ELF object that the build puts into the library.
// Empty in a build without clang. It lives as long as the process.
#pragma once

#include <cstddef>
#include <span>

namespace longhaul::nic {

std::span<const std::byte> steering_object();

}  // namespace longhaul::nic
