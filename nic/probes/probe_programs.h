// SPDX-License-Identifier: GPL-2.0-only
//
// The host probes loaded into the kernel, not attached: one instance of host_probe.bpf.c per host, of which
// the first makes the maps and the others share them. Only nic/probes includes this. Failures throw one line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "nic/probes/probe_records.h"

struct host_probe_bpf;  // the skeleton

namespace longhaul::nic {

struct ProbeSizes {
  std::uint32_t flows, connections, record_bytes, hosts;
};

class ProbePrograms {
 public:
  // `settings.host` is set for each.
  ProbePrograms(const ProbeSizes& sizes, probe_settings settings);
  ProbePrograms(const ProbePrograms&) = delete;
  ProbePrograms& operator=(const ProbePrograms&) = delete;
  ~ProbePrograms();

  // Descriptors, which stay the object's.
  int egress(std::size_t host) const;
  int ingress(std::size_t host) const;
  int tcp() const;
  int retransmission() const;
  int flows() const;
  int totals() const;
  int namespaces() const;
  int connections() const;
  int losses() const;
  int records() const;

 private:
  struct Unload {
    void operator()(host_probe_bpf* skeleton) const;
  };
  std::vector<std::unique_ptr<host_probe_bpf, Unload>> instances_;
};

}  // namespace longhaul::nic
