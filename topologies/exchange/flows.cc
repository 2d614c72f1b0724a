// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/exchange/flows.h"

#include <fmt/format.h>

#include <limits>
#include <set>

#include "topologies/bounds.h"
#include "topologies/exchange/words.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

constexpr std::uint64_t kMostFlows = 10'000'000;
constexpr std::uint64_t kMostPriority = 7;  // 802.1Q
constexpr std::uint64_t kMostBytes = std::numeric_limits<std::int64_t>::max();

const std::string& host(Words& words, std::string_view what, const std::vector<std::string>& hosts) {
  const std::uint64_t id = words.number(what, ~std::uint64_t{0});
  if (id >= hosts.size()) {
    words.fail(what, fmt::format("node {} is not in the topology, allowed: 0 to {}", id, hosts.size() - 1));
  }
  if (hosts[id].empty()) words.fail(what, fmt::format("node {} is a switch, allowed: end systems", id));
  return hosts[id];
}

Duration seconds(std::string_view text) {
  return parse_duration(std::string(text) + "s");
}

Flow read_flow(Words& words, const std::vector<std::string>& hosts) {
  Flow flow;
  flow.from = host(words, "from", hosts);
  flow.to = host(words, "to", hosts);
  if (flow.from == flow.to) words.fail("to", fmt::format("{} sends to itself, allowed: two hosts", flow.to));
  flow.priority = static_cast<std::uint8_t>(words.number("priority group", kMostPriority));
  flow.port = static_cast<std::uint16_t>(words.number("port", 0xffff));
  flow.size = Bytes(words.number("bytes", kMostBytes));
  flow.start = words.read("start", seconds);
  if (flow.start > limits::kLatestEvent) {
    words.fail("start", fmt::format("{} is too late, allowed: up to {}", topology::to_text(flow.start),
                                    topology::to_text(limits::kLatestEvent)));
  }
  return flow;
}

// Whole numbers of seconds and all twelve places, as far as they are not 0.
std::string seconds_text(Duration time) {
  constexpr std::int64_t kSecond = 1'000'000'000'000;
  std::string text = fmt::format("{}.{:012}", time.ps() / kSecond, time.ps() % kSecond);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace

Flows import_flows(std::string_view text, const std::string& file, const std::vector<std::string>& hosts) {
  Words words(text, file);
  Flows result;
  const std::uint64_t count = words.number("flows", kMostFlows);
  std::set<std::string_view> senders;
  double bytes = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    Flow flow = read_flow(words, hosts);
    if (!result.flows.empty() && flow.start < result.flows.back().start) {
      words.fail("start",
                 fmt::format("{} is before the flow above, allowed: ascending", to_text(flow.start)));
    }
    bytes += static_cast<double>(flow.size.count());
    result.report.count("flows", fmt::format("a flow of priority {}", flow.priority));
    result.flows.push_back(std::move(flow));
  }
  for (const Flow& flow : result.flows) senders.insert(flow.from);
  result.report.find("flows", count);
  if (count != 0) {
    result.report.note(fmt::format("{:.4g} B from {} hosts; the first starts at {} s, the last at {} s",
                                   bytes, senders.size(), seconds_text(result.flows.front().start),
                                   seconds_text(result.flows.back().start)));
  }
  if (words.lines_left() != 0) {
    result.report.note(fmt::format("left out: {} lines after the last flow", words.lines_left()));
  }
  result.report.check();
  return result;
}

std::string flows_csv(const std::vector<Flow>& flows) {
  std::string text = "from,to,priority,port,bytes,start_s\n";
  for (const Flow& flow : flows) {
    text += fmt::format("{},{},{},{},{},{}\n", flow.from, flow.to, flow.priority, flow.port,
                        flow.size.count(), seconds_text(flow.start));
  }
  return text;
}

}  // namespace longhaul::topology
