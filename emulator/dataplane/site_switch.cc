// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/dataplane/site_switch.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>

#include "emulator/dataplane/frame_header.h"

namespace longhaul::dataplane {
namespace {

constexpr std::size_t kHeader = 14;  // two addresses and the EtherType

std::uint64_t read_word(const std::byte* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  return word;
}

constexpr bool is_group(MacAddress address) {
  return (address >> 40 & 1) != 0;
}
constexpr bool is_reserved_group(MacAddress address) {
  return address >> 4 == 0x0180C200000;
}
constexpr std::uint64_t key_of(MacAddress address, std::uint16_t vlan) {
  return address | std::uint64_t{vlan} << 48;
}

constexpr std::uint64_t kFibonacci = 0x9E3779B97F4A7C15;  // 2^64 by the golden ratio, for hashing
constexpr std::uint64_t kSecondPs = 1'000'000'000'000;

}  // namespace

SiteSwitch::SiteSwitch(FloodLimit limit)
    : table_(2 * kAddresses), limit_(limit), tokens_ps_(limit.burst * (kSecondPs / limit.per_second)) {}

SiteSwitch::Port SiteSwitch::add_port(std::uint16_t vlan) {
  vlans_.push_back(vlan);
  return static_cast<Port>(vlans_.size() - 1);
}

void SiteSwitch::add_static(MacAddress address, std::uint16_t vlan, Port port) {
  add_static(key_of(address, vlan), {port, false});
}

void SiteSwitch::add_static_at_site(MacAddress address, std::uint16_t vlan, std::uint16_t site) {
  add_static(key_of(address, vlan), {site, true});
}

void SiteSwitch::add_static(std::uint64_t key, Place place) {
  Entry* entry = find(key);
  if (entry == nullptr) throw std::length_error("too many static addresses for one site");
  if (entry->key == 0) ++learned_;
  ++generation_;
  *entry = {key, Instant::never(), place};
}

SiteSwitch::Decision SiteSwitch::from_host(std::span<const std::byte> frame, Port in, Instant now) {
  if (frame.size() < kHeader) return ++counters_.filtered, Decision{Action::kFilter};
  const Question question{read_word(frame.data()), read_word(frame.data() + 6), in};
  Answer& answer = answer_to(question);
  if (holds(answer, question, now)) return ++counters_.forwarded, answer.decision;
  const MacAddress destination = question.first >> 16, source = question.second >> 16;
  const std::uint16_t tag = vlan_of(frame);
  const std::uint16_t vlan = tag != 0 ? tag : vlans_[in];
  if (is_group(source) || source == 0 || is_reserved_group(destination) || !is_member(in, vlan)) {
    return ++counters_.filtered, Decision{Action::kFilter};
  }
  learn(key_of(source, vlan), {in, false}, now);
  if (!is_group(destination)) {
    if (const Entry* entry = known(key_of(destination, vlan), now)) {
      if (entry->place == Place{in, false}) return ++counters_.filtered, Decision{Action::kFilter};
      const Decision decision{entry->place.is_site ? Action::kSite : Action::kPort, entry->place.number,
                              vlan};
      constexpr std::uint16_t kTag = 0x8100;  // what follows says which VLAN
      const bool is_tagged = (question.second & 0xFFFF) == kTag;
      if (!is_tagged) answer = {question, generation_, answer_until(*entry, now), decision};
      return ++counters_.forwarded, decision;
    }
  }
  if (!may_flood(now)) return ++counters_.storm_limited, Decision{Action::kFilter};
  return ++counters_.flooded, Decision{Action::kFlood, 0, vlan};
}

SiteSwitch::Decision SiteSwitch::from_site(std::span<const std::byte> frame, std::uint16_t vlan,
                                           std::uint16_t ingress, bool to_everyone, Instant now) {
  const std::uint64_t from = std::uint64_t{1} << 32 | std::uint64_t{vlan} << 16 | ingress;
  const Question question{read_word(frame.data()), read_word(frame.data() + 6), from};
  Answer& answer = answer_to(question);
  if (!to_everyone && holds(answer, question, now)) return ++counters_.forwarded, answer.decision;
  const MacAddress destination = question.first >> 16, source = question.second >> 16;
  learn(key_of(source, vlan), {ingress, true}, now);
  if (!to_everyone) {
    if (const Entry* entry = known(key_of(destination, vlan), now)) {
      if (entry->place.is_site) return ++counters_.filtered, Decision{Action::kFilter};
      answer = {question, generation_, answer_until(*entry, now), {Action::kPort, entry->place.number, vlan}};
      return ++counters_.forwarded, answer.decision;
    }
  }
  return ++counters_.flooded, Decision{Action::kFlood, 0, vlan};
}

SiteSwitch::Answer& SiteSwitch::answer_to(const Question& question) {
  const std::uint64_t mixed = (question.first ^ question.second << 7 ^ question.from) * kFibonacci;
  return answers_[mixed >> 56];
}

Instant SiteSwitch::answer_until(const Entry& entry, Instant now) {
  const Instant renewal = now + kRenewal;
  return entry.seen == Instant::never() ? renewal : std::min(renewal, entry.seen + kAgeing);
}

const SiteSwitch::Entry* SiteSwitch::known(std::uint64_t key, Instant now) {
  const Entry* entry = find(key);
  if (entry == nullptr || entry->key != key) return nullptr;
  return entry->seen == Instant::never() || now - entry->seen < kAgeing ? entry : nullptr;
}

SiteSwitch::Entry* SiteSwitch::find(std::uint64_t key) {
  // Fibonacci hashing; the table is at most half full, so probing ends soon. Entries are never removed.
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = static_cast<std::size_t>(key * kFibonacci >> 40) & mask;
  while (table_[slot].key != 0 && table_[slot].key != key) slot = (slot + 1) & mask;
  return table_[slot].key == 0 && learned_ == kAddresses ? nullptr : &table_[slot];
}

void SiteSwitch::learn(std::uint64_t key, Place place, Instant now) {
  Entry* entry = find(key);
  if (entry == nullptr || entry->seen == Instant::never()) return;
  if (entry->key == 0) ++learned_;
  if (entry->key == 0 || entry->place != place) ++generation_;
  *entry = {key, now, place};
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
