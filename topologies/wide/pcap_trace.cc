// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/wide/pcap_trace.h"

#include <fmt/core.h>

#include <stdexcept>
#include <utility>

namespace longhaul::wide {

PcapTrace::PcapTrace(std::filesystem::path path, std::uint32_t snap) : path_(std::move(path)) {
  constexpr std::uint32_t kEthernet = 1;  // LINKTYPE_ETHERNET
  file_.Open(path_.string(), std::ios::out | std::ios::binary);
  file_.Init(kEthernet, snap, 0, false, true);
  check();
}

void PcapTrace::write(Duration at, const ns3::Ptr<const ns3::Packet>& frame) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  file_.Write(static_cast<std::uint32_t>(at.ns() / kSecond), static_cast<std::uint32_t>(at.ns() % kSecond),
              frame);
  check();
}

void PcapTrace::close() {
  file_.Close();
  check();
}

void PcapTrace::check() const {
  if (file_.Fail()) throw std::runtime_error(fmt::format("cannot write {}", path_.string()));
}

}  // namespace longhaul::wide
