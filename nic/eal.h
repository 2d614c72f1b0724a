// SPDX-License-Identifier: GPL-2.0-only
//
// DPDK's environment abstraction layer, started once per process with exactly the devices asked for. Uses
// hugepages when enough are free, else ordinary pages, and says which. Leaves no file behind: what EAL keeps
// in its runtime directory goes with this object, unless RUNTIME_DIRECTORY names one of the caller's. EAL's
// own log goes to memory; what it said is part of the error when something fails.
//
// Call everything here from the one control thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace longhaul::nic {

struct EalConfig {
  std::vector<std::string> devices;  // vdevs ("net_tap0,iface=x") and PCI addresses ("0000:3b:00.0"), or none
  std::vector<unsigned> data_plane_cpus = {0};  // a worker lcore for each, pinned there; see worker_lcore()
  std::uint64_t memory_bytes = 0;               // for packet pools
};

class Eal {
 public:
  // Throws std::runtime_error with EAL's own words when it cannot start or does not find every device.
  explicit Eal(const EalConfig& config);
  ~Eal();
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  // "2 MiB hugepages" or "4 KiB pages (no free hugepages)".
  const std::string& memory_kind() const { return memory_kind_; }

  // What EAL and the drivers have logged so far; for error messages.
  std::string log() const;

  // DPDK's number of the `index`-th worker.
  static constexpr unsigned worker_lcore(std::size_t index) { return static_cast<unsigned>(index) + 1; }

 private:
  struct LogStream;
  struct RuntimeDirectory;
  std::unique_ptr<RuntimeDirectory> runtime_directory_;
  std::unique_ptr<LogStream> log_;
  std::string memory_kind_;
};

}  // namespace longhaul::nic
