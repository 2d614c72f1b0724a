// SPDX-License-Identifier: GPL-2.0-only
//
// Which CPUs this process may run on. Free of DPDK.
#pragma once

#include <vector>

namespace longhaul::nic {

// Ascending; never empty.
std::vector<unsigned> usable_cpus();

}  // namespace longhaul::nic
