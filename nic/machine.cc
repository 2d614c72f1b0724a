// SPDX-License-Identifier: GPL-2.0-only
#include "nic/machine.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <sstream>

namespace longhaul::nic {
namespace {

namespace fs = std::filesystem;

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::uint64_t number(const std::optional<std::string>& text) {
  std::uint64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

// Counts a kernel list of cores: "0-3,8" has 5.
unsigned count_cores(const std::string& list) {
  unsigned count = 0;
  std::istringstream ranges(list);
  for (std::string range; std::getline(ranges, range, ',');) {
    unsigned first = 0, last = 0;
    char dash = 0;
    std::istringstream ends(range);
    if (!(ends >> first)) continue;
    last = ends >> dash >> last ? last : first;
    count += last >= first ? last - first + 1 : 0;
  }
  return count;
}

bool has_word(const std::string& text, const std::string& wanted) {
  std::istringstream words(text);
  for (std::string word; words >> word;)
    if (word == wanted) return true;
  return false;
}

std::string pages(std::uint64_t total, std::uint64_t free) {
  return fmt::format("{} ({} free)", total, free);
}

}  // namespace

std::optional<std::string> first_line_of(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  if (!std::getline(stream, line)) return std::nullopt;
  return trimmed(line);
}

std::optional<std::string> field_of(const fs::path& file, const std::string& key) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t after = line.find_first_not_of(" \t", key.size());
    if (after == std::string::npos || (after == key.size() && line[after] != ':')) continue;
    return trimmed(line.substr(line[after] == ':' ? after + 1 : after));
  }
  return std::nullopt;
}

Machine examine_machine(const fs::path& root) {
  Machine machine;
  machine.kernel = first_line_of(root / "proc/sys/kernel/osrelease").value_or("");
  machine.cpu_model = field_of(root / "proc/cpuinfo", "model name").value_or("");
  machine.cores = count_cores(first_line_of(root / "sys/devices/system/cpu/online").value_or(""));
  machine.isolated_cores = first_line_of(root / "sys/devices/system/cpu/isolated").value_or("");
  machine.governor =
      first_line_of(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").value_or("");
  const std::string flags = field_of(root / "proc/cpuinfo", "flags").value_or("");
  machine.hypervisor = has_word(flags, "hypervisor");
  machine.invariant_tsc = has_word(flags, "constant_tsc") && has_word(flags, "nonstop_tsc");
  machine.hardware = trimmed(first_line_of(root / "sys/class/dmi/id/sys_vendor").value_or("") + " " +
                             first_line_of(root / "sys/class/dmi/id/product_name").value_or(""));
  machine.clock_source =
      first_line_of(root / "sys/devices/system/clocksource/clocksource0/current_clocksource").value_or("");
  machine.memory = number(field_of(root / "proc/meminfo", "MemTotal")) * 1024;
  machine.memory_available = number(field_of(root / "proc/meminfo", "MemAvailable")) * 1024;
  const fs::path huge = root / "sys/kernel/mm/hugepages";
  machine.huge_2m_total = number(first_line_of(huge / "hugepages-2048kB/nr_hugepages"));
  machine.huge_2m_free = number(first_line_of(huge / "hugepages-2048kB/free_hugepages"));
  machine.huge_1g_total = number(first_line_of(huge / "hugepages-1048576kB/nr_hugepages"));
  machine.huge_1g_free = number(first_line_of(huge / "hugepages-1048576kB/free_hugepages"));
  return machine;
}

std::vector<std::pair<std::string, std::string>> machine_facts(const fs::path& root) {
  const Machine machine = examine_machine(root);
  const auto told = [](const std::string& text) { return text.empty() ? std::string("not exposed") : text; };
  return {{"kernel", told(machine.kernel)},
          {"cpu", told(machine.cpu_model)},
          {"cores", fmt::format("{}", machine.cores)},
          {"isolated_cores", machine.isolated_cores.empty() ? "none" : machine.isolated_cores},
          {"governor", told(machine.governor)},
          {"virtualisation", machine.hypervisor ? "virtual machine" : "none seen"},
          {"hardware", told(machine.hardware)},
          {"tsc", machine.invariant_tsc ? "invariant" : "not invariant"},
          {"clock_source", told(machine.clock_source)},
          {"memory_mib", fmt::format("{}", machine.memory >> 20)},
          {"memory_available_mib", fmt::format("{}", machine.memory_available >> 20)},
          {"hugepages_2m", pages(machine.huge_2m_total, machine.huge_2m_free)},
          {"hugepages_1g", pages(machine.huge_1g_total, machine.huge_1g_free)}};
}

}  // namespace longhaul::nic
