// SPDX-License-Identifier: GPL-2.0-only
//
// SteeringFilter: which frames of a shared interface belong to the data plane; the rest goes to the kernel,
// whose stack keeps working there. A value, made of text; the program that acts on it is in
// nic/xdp_steering_program.h. Everything is taken, or what any of up to 16 terms names:
//   vlan ID                 by the outer 802.1Q or 802.1ad tag
//   prefix ADDRESS/LENGTH   IPv4 or IPv6, by its source or its destination
//   udp PORTS, tcp PORTS    one port, `4791`, or a range, `5201-5210`; by the source or the destination
//   roce                    RoCEv2: UDP to port 4791
//   arp, arp ADDRESS/LENGTH all of ARP, or what asks for an address of the IPv4 prefix
// After a prefix or ports may stand `source` or `destination`, for that one alone.
//
// What is neither named nor everything goes to the kernel: ARP and IPv6 neighbour discovery as well. Hosts
// behind the data plane need the term `arp` with their prefix (plain `arp` takes from the kernel's stack what
// it lives by), or permanent neighbours. Multicast of neighbour discovery is `prefix ff02::/16 destination`.
//
// Fragments of IP datagrams are taken by addresses and tags, never by ports: only the first one has them, and
// a datagram is not to be torn apart. Frames whose headers are cut short are taken by what can be read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "nic/xdp_steering_abi.h"

namespace longhaul::nic {

struct SteeringTerm {
  std::string text;  // as above, one blank between words
  steering_term rule{};
};

class SteeringFilter {
 public:
  static constexpr std::size_t kMostTerms = STEERING_TERMS;

  SteeringFilter() = default;  // everything
  // Of a list of terms, or `everything` alone. Throws std::runtime_error, one line with the term that is
  // wrong and what is allowed.
  explicit SteeringFilter(const std::vector<std::string>& terms);
  // The same of one text, terms joined by `+`.
  static SteeringFilter of_text(std::string_view text);

  bool everything() const { return terms_.empty(); }
  const std::vector<SteeringTerm>& terms() const { return terms_; }
  std::string text() const;  // what of_text() takes

 private:
  std::vector<SteeringTerm> terms_;
};

}  // namespace longhaul::nic
