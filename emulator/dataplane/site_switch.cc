// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/site_switch.h"

#include <algorithm>

namespace longhaul::dataplane {
namespace {

constexpr std::size_t kHeader = 14;  // two addresses and the EtherType

MacAddress read_address(std::span<const std::byte> bytes) {
  MacAddress address = 0;
  for (std::size_t i = 0; i < 6; ++i) address = (address << 8) | std::to_integer<MacAddress>(bytes[i]);
  return address;
}

constexpr bool is_group(MacAddress address) {
  return (address >> 40 & 1) != 0;
}
constexpr bool is_reserved_group(MacAddress address) {
  return address >> 4 == 0x0180C200000;
}

constexpr std::uint64_t kSecondPs = 1'000'000'000'000;

}  // namespace

SiteSwitch::SiteSwitch(FloodLimit limit)
    : table_(2 * kAddresses), limit_(limit), tokens_ps_(limit.burst * (kSecondPs / limit.per_second)) {}

SiteSwitch::Decision SiteSwitch::decide(std::span<const std::byte> frame, Port in, Instant now) {
  if (frame.size() < kHeader) return ++counters_.filtered, Decision{Action::kFilter};
  const MacAddress destination = read_address(frame);
  const MacAddress source = read_address(frame.subspan(6));
  if (is_group(source) || source == 0 || is_reserved_group(destination)) {
    return ++counters_.filtered, Decision{Action::kFilter};
  }
  learn(source, in, now);

  if (!is_group(destination)) {
    const Entry* entry = find(destination);
    if (entry != nullptr && entry->address == destination && now - entry->seen < kAgeing) {
      if (entry->port == in) return ++counters_.filtered, Decision{Action::kFilter};
      return ++counters_.forwarded, Decision{Action::kForward, entry->port};
    }
  }
  if (!may_flood(now)) return ++counters_.storm_limited, Decision{Action::kFilter};
  return ++counters_.flooded, Decision{Action::kFlood};
}

SiteSwitch::Entry* SiteSwitch::find(MacAddress address) {
  // Fibonacci hashing; the table is at most half full, so probing ends soon. Entries are never removed.
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = static_cast<std::size_t>(address * 0x9E3779B97F4A7C15 >> 40) & mask;
  while (table_[slot].address != 0 && table_[slot].address != address) slot = (slot + 1) & mask;
  return table_[slot].address == 0 && learned_ == kAddresses ? nullptr : &table_[slot];
}

void SiteSwitch::learn(MacAddress address, Port port, Instant now) {
  Entry* entry = find(address);
  if (entry == nullptr) return;
  if (entry->address == 0) ++learned_;
  *entry = {address, now, port};
}

bool SiteSwitch::may_flood(Instant now) {
  const std::uint64_t price = kSecondPs / limit_.per_second;
  const std::uint64_t elapsed = now > refilled_ ? static_cast<std::uint64_t>((now - refilled_).ps()) : 0;
  tokens_ps_ = std::min(tokens_ps_ + elapsed, limit_.burst * price);
  refilled_ = std::max(refilled_, now);
  if (tokens_ps_ < price) return false;
  tokens_ps_ -= price;
  return true;
}

}  // namespace longhaul::dataplane
