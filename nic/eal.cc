// SPDX-License-Identifier: GPL-2.0-only
#include "nic/eal.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "nic/cpus.h"

namespace longhaul::nic {
namespace {

bool is_pci_address(const std::string& device) {
  unsigned domain, bus, slot, function;
  char rest;
  return std::sscanf(device.c_str(), "%x:%x:%x.%x%c", &domain, &bus, &slot, &function, &rest) == 4;
}

std::uint64_t free_hugepage_bytes() {
  std::ifstream file("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
  std::uint64_t pages = 0;
  file >> pages;
  return pages * 2 * 1024 * 1024;
}

std::string join_cpus(const std::vector<unsigned>& cpus) {
  std::string text;
  for (const unsigned cpu : cpus) text += fmt::format("{}{}", text.empty() ? "" : ",", cpu);
  return text;
}

bool has_memif(const EalConfig& config) {
  return std::any_of(config.devices.begin(), config.devices.end(),
                     [](const std::string& device) { return device.starts_with("net_memif"); });
}

std::vector<std::string> arguments(const EalConfig& config, bool hugepages) {
  // The control thread keeps away from the data plane, whose turn it would interrupt for a scheduler's slice;
  // it floats over the other CPUs (EAL would pin it, and every thread made later would inherit that).
  std::vector<unsigned> control_cpus = usable_cpus();
  for (const unsigned cpu : config.data_plane_cpus) {
    if (control_cpus.size() > 1) std::erase(control_cpus, cpu);
  }
  std::string lcores = fmt::format("--lcores=0@({})", join_cpus(control_cpus));
  for (std::size_t l = 0; l < config.data_plane_cpus.size(); ++l) {
    lcores += fmt::format(",{}@{}", Eal::worker_lcore(l), config.data_plane_cpus[l]);
  }
  std::vector<std::string> args{"longhaul", lcores, fmt::format("--file-prefix=longhaul-{}", getpid()), "-m",
                                std::to_string((config.memory_bytes >> 20) + 64)};
  if (hugepages) {
    args.emplace_back("--in-memory");
  } else {
    // memif needs the files of EAL's through which processes meet; others do without.
    args.emplace_back("--no-huge");
    if (!has_memif(config)) args.emplace_back("--no-shconf");
  }
  bool any_pci = false;
  for (const std::string& device : config.devices) {
    const bool pci = is_pci_address(device);
    any_pci |= pci;
    args.push_back(fmt::format("{}={}", pci ? "--allow" : "--vdev", device));
  }
  if (!any_pci) args.emplace_back("--no-pci");
  return args;
}

int discard(enum libbpf_print_level, const char*, va_list) {
  return 0;
}
int discard_xdp(enum libxdp_print_level, const char*, va_list) {
  return 0;
}

}  // namespace

// A FILE that writes to memory, so that driver chatter reaches the user only when it explains a failure.
struct Eal::LogStream {
  LogStream() : file(open_memstream(&text, &size)) {
    if (file == nullptr) throw std::runtime_error("cannot allocate the log buffer for DPDK");
  }
  ~LogStream() {
    std::fclose(file);
    std::free(text);
  }
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* file;
};

// EAL makes a directory per process below this one and leaves it there.
struct Eal::RuntimeDirectory {
  RuntimeDirectory() {
    if (std::getenv(kVariable) != nullptr) return;  // the caller looks after it
    path = (std::filesystem::temp_directory_path() / "longhaul-dpdk-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr)
      throw std::runtime_error("cannot make a directory for DPDK: " + path);
    setenv(kVariable, path.c_str(), 1);
  }
  ~RuntimeDirectory() {
    if (path.empty()) return;
    unsetenv(kVariable);
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  static constexpr const char* kVariable = "RUNTIME_DIRECTORY";
  std::string path;
};

Eal::Eal(const EalConfig& config)
    : runtime_directory_(std::make_unique<RuntimeDirectory>()), log_(std::make_unique<LogStream>()) {
  libbpf_set_print(discard);
  libxdp_set_print(discard_xdp);
  rte_openlog_stream(log_->file);
  // DPDK's memif does not work with hugepages that are in no file.
  const bool hugepages = !has_memif(config) && free_hugepage_bytes() > config.memory_bytes + (64ULL << 20);
  memory_kind_ = hugepages           ? "2 MiB hugepages"
                 : has_memif(config) ? "4 KiB pages (memif)"
                                     : "4 KiB pages (too few free hugepages)";
  std::vector<std::string> args = arguments(config, hugepages);
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) {
    const std::string why = rte_strerror(rte_errno);
    const std::string words = log();
    rte_openlog_stream(nullptr);
    throw std::runtime_error(fmt::format("cannot start DPDK: {}: {}", why, words));
  }
  if (rte_eth_dev_count_avail() != config.devices.size()) {
    const unsigned found = rte_eth_dev_count_avail();
    const std::string words = log();
    rte_eal_cleanup();
    rte_openlog_stream(nullptr);
    throw std::runtime_error(
        fmt::format("DPDK found {} of {} ports: {}", found, config.devices.size(), words));
  }
}

Eal::~Eal() {
  rte_eal_cleanup();
  rte_openlog_stream(nullptr);
}

std::string Eal::log() const {
  std::fflush(log_->file);
  std::string one_line(log_->text, log_->size);
  for (char& c : one_line) {
    if (c == '\n') c = ' ';
  }
  constexpr std::size_t kEnough = 600;
  return one_line.size() <= kEnough ? one_line : "..." + one_line.substr(one_line.size() - kEnough);
}

}  // namespace longhaul::nic
