// SPDX-License-Identifier: GPL-2.0-only
//
// What this machine can do for the testbed, one finding each: FAIL stands in the way of a run with hosts on
// this machine, WARN costs accuracy, speed or an option, OK is as it should be. It changes nothing on the
// machine: the probes open a socket or unshare a namespace in a thread that ends at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace longhaul::nic {

enum class Level : std::uint8_t { kOk, kWarn, kFail };

struct Finding {
  std::string name;
  Level level = Level::kOk;
  std::string found;  // what was found, and what follows from it
  std::string mend;   // the command that mends it; empty for kOk
};

// Where the doctor looks. A probe returns errno, 0 when it worked.
struct Surroundings {
  std::filesystem::path root = "/";
  std::function<int()> open_af_xdp;
  std::function<int()> open_af_packet;
  std::function<int()> make_namespace;
};

// This machine.
Surroundings this_machine();

// All findings, always the same ones in the same order.
std::vector<Finding> examine(const Surroundings& surroundings = this_machine());

// "OK", "WARN" or "FAIL".
std::string to_string(Level level);

}  // namespace longhaul::nic
