// SPDX-License-Identifier: GPL-2.0-only
//
// Facts about this machine from /proc and /sys, for the manifest of a run and for the doctor. It reads and
// judges nothing. Every path is below `root`, which stands for / (tests give a tree of their own). Memory in
// bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace longhaul::nic {

struct Machine {
  std::string kernel;  // release, "6.1.0-18-amd64"
  std::string cpu_model;
  unsigned cores = 0;          // online
  std::string isolated_cores;  // the kernel's list, "2-3"; empty when none
  std::string governor;        // of core 0; empty when the machine does not expose one
  bool hypervisor = false;     // runs as a virtual machine
  std::string hardware;        // vendor and product from DMI; empty when not exposed
  bool invariant_tsc = false;  // constant_tsc and nonstop_tsc
  std::string clock_source;
  std::uint64_t memory = 0, memory_available = 0;
  std::uint64_t huge_2m_total = 0, huge_2m_free = 0, huge_1g_total = 0, huge_1g_free = 0;  // pages
};

// Reads all of it; what the machine does not tell stays empty.
Machine examine_machine(const std::filesystem::path& root = "/");

// The same as named texts, for the manifest.
std::vector<std::pair<std::string, std::string>> machine_facts(const std::filesystem::path& root = "/");

// The first line of a file without blanks at its ends; nothing when it cannot be read.
std::optional<std::string> first_line_of(const std::filesystem::path& file);

// The value of "KEY: value" or "KEY value" in a file of such lines, as /proc/self/status and /proc/meminfo
// are.
std::optional<std::string> field_of(const std::filesystem::path& file, const std::string& key);

}  // namespace longhaul::nic
