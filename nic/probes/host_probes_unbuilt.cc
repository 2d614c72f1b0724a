// SPDX-License-Identifier: GPL-2.0-only
//
// HostProbes where clang, bpftool or libbpf were missing when this was built: there are none, and it says so.
#include <stdexcept>

#include "nic/probes/host_probes.h"

namespace longhaul::nic {

class HostProbes::Impl {};

std::optional<std::string> HostProbes::why_not() {
  return "no host probes: built without clang, bpftool or libbpf";
}

HostProbes::HostProbes(const std::vector<ProbeHost>&, const ProbeSettings&) {
  throw std::runtime_error(*why_not());
}
HostProbes::HostProbes(HostProbes&&) noexcept = default;
HostProbes& HostProbes::operator=(HostProbes&&) noexcept = default;
HostProbes::~HostProbes() = default;

// No object is ever made, so none of these is ever called.
void HostProbes::poll(const std::function<void(const ConnectionSample&)>&) {}
std::vector<FlowCount> HostProbes::flows() const {
  return {};
}
InterfaceTotals HostProbes::totals(std::size_t, ProbeDirection) const {
  return {};
}
std::vector<ConnectionCount> HostProbes::connections() const {
  return {};
}
HostRetransmissions HostProbes::retransmissions(std::size_t) const {
  return {};
}
std::vector<FlowDelay> HostProbes::delays() const {
  return {};
}
ProbeLosses HostProbes::losses() const {
  return {};
}

}  // namespace longhaul::nic
