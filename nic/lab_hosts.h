// SPDX-License-Identifier: GPL-2.0-only
//
// Hosts of the testbed on this machine: for each a network namespace `lh-NAME` with one interface, eth0,
// whose other end, `lh-NAME` in the root namespace, is for a port of the data plane. The emulator end has no
// address and sends nothing of its own. Offloads are off where a frame would otherwise reach the data plane
// without a checksum or larger than the MTU; IPv6 is off on both ends; one queue per direction; ARP is on.
// Everything is listed in LabState, which must outlive the hosts, before it is made. One thread at a time;
// IPv4 only; sizes in bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nic/file_descriptor.h"
#include "nic/interface.h"
#include "nic/lab_state.h"
#include "nic/tcp_settings.h"

namespace longhaul::nic {

struct LabHostSpec {
  std::string name;     // letters, digits, `-` and `_`
  std::string address;  // with prefix length, "10.50.0.1/24"
  std::uint32_t mtu = 1500;
  TcpSettings tcp = {};
  // Bits per second that the host's interface sends, preamble and inter-frame gap counted; its sockets feel
  // it as they feel a network card. 0: as fast as the machine can.
  std::uint64_t rate_bps = 0;
  // CPUs for the host's receive processing, which otherwise runs on the CPU of the data plane. Empty: there.
  std::vector<unsigned> receive_cpus = {};
};

struct LabHost {
  std::string name;
  std::string network_namespace;   // "lh-NAME"
  std::string emulator_interface;  // "lh-NAME", at most 15 characters
  std::string address;             // without the prefix length
  std::string mac;                 // of eth0: 02:4c:48:00:NN:NN, by the host's place in the list
  std::uint32_t mtu = 1500;
};

// Both ends of a host's link; what one sends the other receives, so a difference is a loss too.
struct HostInterfaceCounters {
  InterfaceCounters emulator, host;
};

class LabHosts {
 public:
  // Makes all hosts; on failure throws one line with nothing left behind. A namespace or an interface of
  // somebody else with one of our names is an error, and is not touched.
  LabHosts(LabState& state, const std::vector<LabHostSpec>& specs);
  LabHosts(const LabHosts&) = delete;
  LabHosts& operator=(const LabHosts&) = delete;
  ~LabHosts();

  const std::vector<LabHost>& hosts() const { return hosts_; }
  // An open file of the host's namespace for Command::network_namespace; stays ours.
  int namespace_fd(std::size_t host) const { return namespaces_.at(host).get(); }
  HostInterfaceCounters read_counters(std::size_t host) const;

  // Ends the processes inside the hosts, unmakes and unlists everything. Returns what could not be removed,
  // one line each (it stays listed for clean); never throws; nothing when done before.
  std::vector<std::string> remove() noexcept;

 private:
  void check_names_free() const;
  void make_devices();
  void set_up(std::size_t index, const LabHostSpec& spec);

  LabState& state_;
  std::vector<LabHost> hosts_;
  std::vector<UniqueFd> namespaces_;
  std::vector<Resource> resources_;
};

// Interface names for these hosts, unique and at most 15 characters: `lh-NAME`, or for names above 12
// characters a shortened one with the host's index.
std::vector<std::string> emulator_interface_names(const std::vector<std::string>& hosts);

}  // namespace longhaul::nic
