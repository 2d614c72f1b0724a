// SPDX-License-Identifier: GPL-2.0-only
#include "nic/xdp_steering.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace longhaul::nic {
namespace {

constexpr std::string_view kEverything = "everything";
constexpr std::uint16_t kRoceV2 = 4791;
constexpr unsigned kLargestVlan = 4094, kLargestPort = 65'535;

using Words = std::vector<std::string>;

Words words_of(const std::string& text) {
  std::istringstream stream(text);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

[[noreturn]] void refuse(const Words& words, const std::string& why) {
  throw std::runtime_error(fmt::format("steering `{}`: {}", fmt::join(words, " "), why));
}

std::optional<unsigned> number(std::string_view text, unsigned least, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
    return std::nullopt;
  return value;
}

steering_term vlan(const Words& words) {
  const auto id = words.size() == 2 ? number(words[1], 1, kLargestVlan) : std::nullopt;
  if (!id) refuse(words, fmt::format("`vlan ID` with an ID from 1 to {} is allowed", kLargestVlan));
  steering_term rule{};
  rule.kind = STEERING_VLAN;
  rule.first = static_cast<std::uint16_t>(*id);
  return rule;
}

// What the word after the value says; without one it is either.
std::uint8_t ends(const Words& words) {
  if (words.size() <= 2) return STEERING_EITHER;
  if (words.size() == 3 && words[2] == "source") return STEERING_SOURCE;
  if (words.size() == 3 && words[2] == "destination") return STEERING_DESTINATION;
  refuse(words, fmt::format("only `source` or `destination` may follow {}", words[1]));
}

steering_term ports(const Words& words, steering_kind kind) {
  const std::string_view text = words.size() > 1 ? std::string_view(words[1]) : "";
  const std::size_t dash = text.find('-');
  const auto first = number(text.substr(0, dash), 1, kLargestPort);
  const auto last = dash == std::string_view::npos ? first : number(text.substr(dash + 1), 1, kLargestPort);
  if (!first || !last)
    refuse(words, fmt::format("a port or a range like `5201-5210`, from 1 to {}, is needed", kLargestPort));
  if (*last < *first) refuse(words, "the range ends before it begins");
  steering_term rule{};
  rule.kind = static_cast<std::uint8_t>(kind);
  rule.ends = ends(words);
  rule.first = static_cast<std::uint16_t>(*first);
  rule.last = static_cast<std::uint16_t>(*last);
  return rule;
}

// Fills in the first `length` bits.
void set_mask(steering_term& rule, unsigned length) {
  for (unsigned word = 0; word < 4; ++word) {
    const unsigned bits = std::min(32u, length - std::min(length, 32 * word));
    rule.mask[word] = bits == 0 ? 0 : htonl(~std::uint32_t{0} << (32 - bits));
  }
}

// 10.71.0.0/16 in the second word; an address without a length is that one alone.
steering_term prefix(const Words& words) {
  const std::string_view text = words.size() > 1 ? std::string_view(words[1]) : "";
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  steering_term rule{};
  if (::inet_pton(AF_INET, address.c_str(), rule.address) == 1) {
    rule.kind = STEERING_IPV4;
  } else if (::inet_pton(AF_INET6, address.c_str(), rule.address) == 1) {
    rule.kind = STEERING_IPV6;
  } else {
    refuse(words, "a prefix like `10.71.0.0/16` or `2001:db8::/32` is needed");
  }
  const unsigned most = rule.kind == STEERING_IPV4 ? 32 : 128;
  const auto length =
      slash == std::string_view::npos ? std::optional(most) : number(text.substr(slash + 1), 0, most);
  if (!length) refuse(words, fmt::format("the length of the prefix may be 0 to {}", most));
  set_mask(rule, *length);
  for (unsigned word = 0; word < 4; ++word) {
    if ((rule.address[word] & ~rule.mask[word]) != 0)
      refuse(words, fmt::format("the address has bits beyond the first {}", *length));
  }
  rule.ends = ends(words);
  return rule;
}

steering_term arp(const Words& words) {
  steering_term rule{};
  if (words.size() > 1) rule = prefix(words);
  if (words.size() > 2 || rule.kind == STEERING_IPV6)
    refuse(words, "`arp` alone or with an IPv4 prefix is allowed");
  rule.kind = STEERING_ARP;
  rule.ends = STEERING_DESTINATION;
  return rule;
}

steering_term rule_of(const Words& words) {
  const std::string kind = words.empty() ? "" : words[0];
  if (kind == "vlan") return vlan(words);
  if (kind == "prefix") return prefix(words);
  if (kind == "udp") return ports(words, STEERING_UDP);
  if (kind == "tcp") return ports(words, STEERING_TCP);
  if (kind == "arp") return arp(words);
  if (kind == "roce") {
    if (words.size() > 1) refuse(words, "nothing may follow `roce`");
    return ports({"udp", std::to_string(kRoceV2), "destination"}, STEERING_UDP);
  }
  if (kind == kEverything) refuse(words, "it stands alone");
  refuse(words,
         "`vlan ID`, `prefix ADDRESS/LENGTH`, `udp PORTS`, `tcp PORTS`, `roce`, `arp` or `everything` is "
         "allowed");
}

}  // namespace

SteeringFilter::SteeringFilter(const std::vector<std::string>& terms) {
  if (terms.empty()) throw std::runtime_error("steering: a term or `everything` is needed");
  if (terms.size() == 1 && words_of(terms[0]) == Words{std::string(kEverything)}) return;
  if (terms.size() > kMostTerms)
    throw std::runtime_error(fmt::format("steering: {} terms are allowed, not {}", kMostTerms, terms.size()));
  for (const std::string& text : terms) {
    const Words words = words_of(text);
    const steering_term rule = rule_of(words);
    for (const SteeringTerm& other : terms_) {
      if (std::memcmp(&other.rule, &rule, sizeof rule) == 0)
        refuse(words, fmt::format("it is there already, as `{}`", other.text));
    }
    terms_.push_back({fmt::format("{}", fmt::join(words, " ")), rule});
  }
}

SteeringFilter SteeringFilter::of_text(std::string_view text) {
  std::vector<std::string> terms;
  for (;;) {
    const std::size_t plus = text.find('+');
    terms.emplace_back(text.substr(0, plus));
    if (plus == std::string_view::npos) return SteeringFilter(terms);
    text.remove_prefix(plus + 1);
  }
}

std::string SteeringFilter::text() const {
  if (everything()) return std::string(kEverything);
  std::string joined;
  for (const SteeringTerm& term : terms_) joined += (joined.empty() ? "" : "+") + term.text;
  return joined;
}

}  // namespace longhaul::nic
