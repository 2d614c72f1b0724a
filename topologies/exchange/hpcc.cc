// SPDX-License-Identifier: GPL-2.0-only
//
// Topology files of HPCC's simulator (alibaba-edu/High-Precision-Congestion-Control, `mix/`), of ASTRA-sim's
// ns-3 and of SimAI. Words between white space:
//   NODES SWITCHES LINKS                                            HPCC, ASTRA-sim
//   NODES GPUS-PER-SERVER NVSWITCHES SWITCHES LINKS GPU-TYPE        SimAI; a seventh word may follow
//   the ids of NV switches, then of switches; all others, from 0, are end systems
//   LINKS times: FROM TO RATE DELAY ERROR-RATE                      full duplex; errors are of whole packets
// and prose after that, which nobody reads.
#include <fmt/format.h>

#include <utility>

#include "topologies/bounds.h"
#include "topologies/exchange/formats.h"
#include "topologies/exchange/network.h"
#include "topologies/exchange/words.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

constexpr std::uint64_t kMostNodes = 100'000;  // of a file, NV switches and all
constexpr std::uint64_t kMostCables = 1'000'000;

struct Header {
  std::uint64_t nodes = 0, nv_switches = 0, switches = 0, links = 0;
};

Header read_header(Words& words, Report& report) {
  Header header;
  const std::size_t count = words.on_this_line();
  const bool servers = count == 6 || count == 7;
  header.nodes = words.number("nodes", kMostNodes);
  if (header.nodes == 0) words.fail("nodes", fmt::format("0, allowed: 1 to {}", kMostNodes));
  if (!servers && count != 3) {
    words.fail("header",
               fmt::format("{} words on the first line, allowed: 3 (NODES SWITCHES LINKS), or 6 with "
                           "GPUs per server, NV switches and the type of GPU",
                           count));
  }
  if (servers) {
    const std::uint64_t gpus = words.number("gpus per server", kMostNodes);
    header.nv_switches = words.number("nv switches", header.nodes);
    report.note(fmt::format("left out: that servers have {} GPUs each", gpus));
  }
  header.switches = words.number("switches", header.nodes - header.nv_switches);
  header.links = words.number("links", kMostCables);
  for (std::size_t extra = servers ? 5 : count; extra < count; ++extra) words.next("type of gpu");
  return header;
}

enum class Role : std::uint8_t { kEndSystem, kSwitch, kNvSwitch };

class HpccReader {
 public:
  HpccReader(std::string_view text, const std::string& file, const ImportOptions& options)
      : words_(text, file), conversion_{draft_for(options, "", file), {}} {}

  Conversion read() {
    Report& report = conversion_.report;
    const Header header = read_header(words_, report);
    report.find("nodes", header.nodes);
    report.find("links", header.links);
    roles_.assign(header.nodes, Role::kEndSystem);
    read_roles(header.nv_switches, Role::kNvSwitch);
    read_roles(header.switches, Role::kSwitch);
    add_nodes();
    for (std::uint64_t i = 0; i < header.links; ++i) read_link();
    if (words_.lines_left() != 0) {
      report.note(fmt::format("left out: {} lines after the last link", words_.lines_left()));
    }
    const std::vector<std::string> names = add_network(network_, conversion_.draft, report);
    conversion_.hosts.resize(header.nodes);
    for (std::size_t id = 0; id < header.nodes; ++id) {
      if (roles_[id] != Role::kNvSwitch) conversion_.hosts[id] = names[nodes_[id]];
    }
    return std::move(conversion_);
  }

 private:
  std::size_t node(std::string_view what) {
    const std::uint64_t id = words_.number(what, ~std::uint64_t{0});
    if (id >= roles_.size()) {
      words_.fail(what, fmt::format("node {} is not there, allowed: 0 to {}", id, roles_.size() - 1));
    }
    return id;
  }

  void read_roles(std::uint64_t count, Role role) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::size_t id = node("switch");
      if (roles_[id] != Role::kEndSystem) {
        words_.fail("switch", fmt::format("node {} is a switch already, allowed: each once", id));
      }
      roles_[id] = role;
    }
  }

  void add_nodes() {
    nodes_.resize(roles_.size());
    for (std::size_t id = 0; id < roles_.size(); ++id) {
      if (roles_[id] == Role::kNvSwitch) {
        conversion_.report.count("nodes", "left out: an NV switch, which does not forward Ethernet");
        continue;
      }
      nodes_[id] = network_.nodes.size();
      const bool end_system = roles_[id] == Role::kEndSystem;
      network_.nodes.push_back({fmt::format("{}{}", end_system ? "h" : "s", id), end_system});
    }
  }

  void read_link() {
    const std::size_t from = node("link"), to = node("link");
    if (from == to) words_.fail("link", fmt::format("node {} to itself, allowed: two nodes", from));
    const std::string_view rate_text = words_.next("rate");
    if (roles_[from] == Role::kNvSwitch || roles_[to] == Role::kNvSwitch) {
      words_.next("delay");
      words_.next("error rate");
      conversion_.report.count("links", "left out: NVLink; what passes over it goes over the network here");
      return;
    }
    network_.cables.push_back(
        {nodes_[from], nodes_[to], rate(rate_text), delay(), words_.read("error rate", parse_probability)});
  }

  BitRate rate(std::string_view text) const {
    BitRate rate;
    try {
      rate = parse_rate(text);
    } catch (const QuantityError& e) {
      words_.fail("rate", e.what());
    }
    if (rate < limits::kLeastRate || rate > limits::kMostRate) {
      words_.fail("rate",
                  fmt::format("{} is out of range, allowed: {} to {}", topology::to_text(rate),
                              topology::to_text(limits::kLeastRate), topology::to_text(limits::kMostRate)));
    }
    return rate;
  }

  Duration delay() {
    const Duration delay = words_.read("delay", parse_duration);
    if (delay > limits::kLongestDelay) {
      words_.fail("delay", fmt::format("{} is too long, allowed: up to {}", topology::to_text(delay),
                                       topology::to_text(limits::kLongestDelay)));
    }
    return delay;
  }

  Words words_;
  Conversion conversion_;
  std::vector<Role> roles_;         // by id
  std::vector<std::size_t> nodes_;  // by id: index in network_
  Network network_;
};

}  // namespace

Conversion read_hpcc(std::string_view text, const std::string& file, const ImportOptions& options) {
  return HpccReader(text, file, options).read();
}

}  // namespace longhaul::topology
