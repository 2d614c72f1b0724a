// SPDX-License-Identifier: GPL-2.0-only
//
// The switch of one site: where a frame goes. A learning bridge with VLANs after IEEE 802.1Q (a table by VLAN
// and address, access ports and trunks) towards its hosts, an edge switch of a routed fabric after RFC 6325
// towards the other sites: an address is behind a local port or at another site, and how to get to that site
// is the routes' business. It floods what it does not know, never sends a frame back where it came from, and
// does not forward the reserved group addresses 01:80:C2:00:00:0X (LLDP, spanning tree, ...). Flooding is
// bounded where a frame comes in by a token bucket (storm control), so that a chatty host cannot fill every
// link.
//
// Decides only; moves no bytes. Logical time, single owner, no allocation after construction; O(1). What it
// decided on a frame with the same addresses from the same place is taken again for up to kRenewal, as long
// as no address has come or moved since; so an address may be forgotten that much too early.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "emulator/core/units.h"

namespace longhaul::dataplane {

// A 48-bit address as a number: the first byte on the wire is the most significant.
using MacAddress = std::uint64_t;

struct SwitchCounters {  // one of these per frame that a host sent here or that arrived for here
  std::uint64_t forwarded = 0;
  std::uint64_t flooded = 0;
  std::uint64_t filtered =
      0;  // destination behind the same port, reserved group, runt, bad source, wrong VLAN
  std::uint64_t storm_limited = 0;  // would have been flooded, over the limit
};

struct FloodLimit {
  std::uint32_t per_second = 2'000;
  std::uint32_t burst = 1'000;
};

class SiteSwitch {
 public:
  using Port = std::uint16_t;  // of a host of this site
  enum class Action : std::uint8_t {
    kPort,   // to the host at `where`
    kSite,   // to the site `where`
    kFlood,  // to every host of the VLAN here, and, when it came in here, to every other site
    kFilter,
  };
  struct Decision {
    Action action;
    std::uint16_t where = 0;
    std::uint16_t vlan = 0;  // that the frame belongs to; 0: none
  };

  explicit SiteSwitch(FloodLimit limit = {});

  // A host's port, numbered from 0 in order of the calls. `vlan` 0: a trunk, whose frames belong to the VLAN
  // of their tag and without one to none; else an access port of that VLAN.
  Port add_port(std::uint16_t vlan);
  // An entry that is neither learned nor forgotten.
  void add_static(MacAddress address, std::uint16_t vlan, Port port);
  void add_static_at_site(MacAddress address, std::uint16_t vlan, std::uint16_t site);

  // A frame that the host at `in` sent: learns its source, decides and counts.
  Decision from_host(std::span<const std::byte> frame, Port in, Instant now);
  // A frame that came in at site `ingress` and was sent here, or to everyone: kPort, kFlood or kFilter.
  Decision from_site(std::span<const std::byte> frame, std::uint16_t vlan, std::uint16_t ingress,
                     bool to_everyone, Instant now);

  // Whether frames of a VLAN go out at a port, and whether they carry a tag there.
  bool is_member(Port port, std::uint16_t vlan) const { return vlans_[port] == 0 || vlans_[port] == vlan; }
  bool is_tagged(Port port, std::uint16_t vlan) const { return vlans_[port] == 0 && vlan != 0; }

  std::size_t ports() const { return vlans_.size(); }
  const SwitchCounters& counters() const { return counters_; }

  static constexpr std::size_t kAddresses = 4'096;             // known at most; further ones are flooded to
  static constexpr Duration kAgeing = Duration::seconds(300);  // 802.1Q default
  static constexpr Duration kRenewal = Duration::milliseconds(100);

 private:
  // Behind a port of ours, or at a site.
  struct Place {
    std::uint16_t number = 0;
    bool is_site = false;
    bool operator==(const Place&) const = default;
  };
  struct Entry {
    std::uint64_t key = 0;  // address and VLAN; 0: free
    Instant seen;           // Instant::never(): a static entry
    Place place;
  };
  // All that a decision on a known address depends on, beside the table.
  struct Question {
    std::uint64_t first = 0, second = 0;  // bytes 0 to 7 and 6 to 13 of the frame, as on the wire
    std::uint64_t from = 0;               // the port, or the site and the VLAN
    bool operator==(const Question&) const = default;
  };
  struct Answer {
    Question question;
    std::uint64_t generation = 0;
    Instant until;  // the answer holds before
    Decision decision{};
  };
  Answer& answer_to(const Question& question);
  static Instant answer_until(const Entry& entry, Instant now);
  bool holds(const Answer& answer, const Question& question, Instant now) const {
    return answer.question == question && answer.generation == generation_ && now < answer.until;
  }
  // Its entry, or the free one where it would go; nullptr when there is none.
  Entry* find(std::uint64_t key);
  const Entry* known(std::uint64_t key, Instant now);
  void learn(std::uint64_t key, Place place, Instant now);
  void add_static(std::uint64_t key, Place place);
  bool may_flood(Instant now);

  std::vector<Entry> table_;
  std::array<Answer, 256> answers_{};
  std::uint64_t generation_ = 1;      // of the table: how often an address came or moved
  std::vector<std::uint16_t> vlans_;  // by port
  std::size_t learned_ = 0;
  FloodLimit limit_;
  std::uint64_t tokens_ps_;  // unspent time: one flood costs 1 s / per_second
  Instant refilled_;
  SwitchCounters counters_;
};

}  // namespace longhaul::dataplane
