// SPDX-License-Identifier: GPL-2.0-only
//
// GraphML (graphml.graphdrawing.org) as the Internet Topology Zoo (topology-zoo.org) writes it: an undirected
// graph whose nodes have the keys `label`, `Latitude`, `Longitude`, and whose edges have `LinkSpeedRaw`, in
// bit/s, by the attr.name of <key>. A node is a site with one host, an edge a link along the great circle.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <pugixml.hpp>
#include <set>
#include <utility>

#include "topologies/bounds.h"
#include "topologies/config_error.h"
#include "topologies/exchange/formats.h"
#include "topologies/quantity.h"
#include "topologies/raw_yaml.h"

namespace longhaul::topology {
namespace {

struct GraphNode {
  std::string label;
  std::optional<Coordinates> location;
};

struct GraphEdge {
  std::size_t from = 0, to = 0;
  std::optional<BitRate> rate;
  int line = 1;
};

class GraphmlReader {
 public:
  GraphmlReader(std::string_view text, const std::string& file, const ImportOptions& options)
      : text_(text), file_(file), options_(options) {}

  Conversion read() {
    check_characters(text_, file_);
    const pugi::xml_parse_result parsed =
        document_.load_buffer(text_.data(), text_.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!parsed) fail(line_at(parsed.offset), "xml", parsed.description());
    const pugi::xml_node root = document_.child("graphml");
    const pugi::xml_node graph = root.child("graph");
    if (!graph) fail(1, "graphml", "no <graph> in <graphml>, allowed: one");
    if (graph.next_sibling("graph"))
      fail(line_of(graph.next_sibling("graph")), "graph", "a second one, allowed: one");
    if (std::string_view(graph.attribute("edgedefault").value()) == "directed") {
      fail(line_of(graph), "graph.edgedefault", "directed, allowed: undirected");
    }
    read_keys(root);
    for (const pugi::xml_node node : graph.children("node")) read_node(node);
    for (const pugi::xml_node edge : graph.children("edge")) read_edge(edge);
    Conversion conversion{draft_for(options_, value(graph, "graph", "Network"), file_), std::move(report_)};
    convert(conversion);
    return conversion;
  }

 private:
  int line_at(std::ptrdiff_t offset) const {
    const auto end = text_.begin() + std::clamp<std::ptrdiff_t>(offset, 0, std::ssize(text_));
    return 1 + static_cast<int>(std::count(text_.begin(), end, '\n'));
  }
  int line_of(const pugi::xml_node& node) const { return line_at(node.offset_debug()); }
  [[noreturn]] void fail(int line, std::string_view key, std::string_view message) const {
    throw error_at(file_, {line, {}}, one_line(key), one_line(message));
  }

  void read_keys(const pugi::xml_node& root) {
    for (const pugi::xml_node key : root.children("key")) {
      keys_[{key.attribute("for").value(), key.attribute("attr.name").value()}] = key.attribute("id").value();
    }
  }

  // The <data> of an element by the name of its key; nothing when it has none.
  pugi::xml_node data(const pugi::xml_node& element, const char* kind, const char* name) const {
    auto key = keys_.find({kind, name});
    if (key == keys_.end()) key = keys_.find({"all", name});
    if (key == keys_.end()) return {};
    return element.find_child([&](const pugi::xml_node& child) {
      return std::string_view(child.name()) == "data" && key->second == child.attribute("key").value();
    });
  }
  std::string value(const pugi::xml_node& element, const char* kind, const char* name) const {
    return data(element, kind, name).text().get();
  }

  std::optional<double> number(const pugi::xml_node& element, const char* kind, const char* name) const {
    const pugi::xml_node found = data(element, kind, name);
    if (!found) return std::nullopt;
    try {
      return parse_number(found.text().get());
    } catch (const QuantityError& e) {
      fail(line_of(found), name, e.what());
    }
  }

  std::optional<double> degrees(const pugi::xml_node& node, const char* name, double most) const {
    const std::optional<double> value = number(node, "node", name);
    if (value && std::abs(*value) > most) {
      fail(line_of(data(node, "node", name)), name,
           fmt::format("{} is out of range, allowed: -{} to {} degrees", topology::to_text(*value), most,
                       most));
    }
    return value;
  }

  void read_node(const pugi::xml_node& element) {
    const std::string id = element.attribute("id").value();
    if (!indices_.emplace(id, nodes_.size()).second) {
      fail(line_of(element), "node", fmt::format("the id {} is taken, allowed: each once", in_quotes(id)));
    }
    GraphNode node;
    node.label = value(element, "node", "label");
    if (node.label.empty()) node.label = "node-" + id;
    const auto latitude = degrees(element, "Latitude", 90), longitude = degrees(element, "Longitude", 180);
    if (latitude && longitude) node.location = Coordinates{*latitude, *longitude};
    nodes_.push_back(std::move(node));
    report_.find("nodes");
  }

  std::size_t end(const pugi::xml_node& edge, const char* attribute) const {
    const std::string id = edge.attribute(attribute).value();
    const auto found = indices_.find(id);
    if (found == indices_.end()) {
      fail(line_of(edge), fmt::format("edge.{}", attribute),
           fmt::format("there is no node {}, allowed: the id of a node", in_quotes(id)));
    }
    return found->second;
  }

  void read_edge(const pugi::xml_node& element) {
    report_.find("edges");
    GraphEdge edge{end(element, "source"), end(element, "target"), std::nullopt, line_of(element)};
    if (std::string_view(element.attribute("directed").value()) == "true") {
      fail(edge.line, "edge.directed", "true, allowed: false");
    }
    if (const auto speed = number(element, "edge", "LinkSpeedRaw")) {
      if (*speed < static_cast<double>(limits::kLeastRate.bps()) ||
          *speed > static_cast<double>(limits::kMostRate.bps())) {
        fail(line_of(data(element, "edge", "LinkSpeedRaw")), "LinkSpeedRaw",
             fmt::format("{} bit/s is out of range, allowed: {} to {}", topology::to_text(*speed),
                         topology::to_text(limits::kLeastRate), topology::to_text(limits::kMostRate)));
      }
      edge.rate = BitRate::bits_per_second(static_cast<std::uint64_t>(std::llround(*speed)));
    }
    edges_.push_back(edge);
  }

  // Why an edge cannot be a link; empty when it can.
  std::string_view obstacle(const GraphEdge& edge) const {
    if (edge.from == edge.to) return "left out: an edge from a node to itself";
    const bool placed = nodes_[edge.from].location && nodes_[edge.to].location;
    if (!placed && !options_.delay)
      return "left out: an end has no coordinates, so it has no length (--delay gives one)";
    return {};
  }

  // Which nodes stay: of the parts that usable edges join, the one with the most nodes, the first of several.
  std::vector<bool> largest_part() const {
    std::vector<std::vector<std::size_t>> neighbours(nodes_.size());
    for (const GraphEdge& edge : edges_) {
      if (!obstacle(edge).empty()) continue;
      neighbours[edge.from].push_back(edge.to);
      neighbours[edge.to].push_back(edge.from);
    }
    std::vector<bool> seen(nodes_.size()), best(nodes_.size());
    std::size_t most = 0;
    for (std::size_t start = 0; start < nodes_.size(); ++start) {
      if (seen[start]) continue;
      seen[start] = true;
      std::vector<std::size_t> part{start};
      for (std::size_t i = 0; i < part.size(); ++i) {
        for (const std::size_t next : neighbours[part[i]]) {
          if (!seen[next]) seen[next] = true, part.push_back(next);
        }
      }
      if (part.size() <= most) continue;
      most = part.size();
      best.assign(nodes_.size(), false);
      for (const std::size_t node : part) best[node] = true;
    }
    return best;
  }

  void add_nodes(Conversion& conversion, const std::vector<bool>& kept,
                 std::vector<std::size_t>& sites) const {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const GraphNode& node = nodes_[i];
      if (!kept[i]) {
        const bool lost = !node.location && !options_.delay;
        conversion.report.count("nodes", lost
                                             ? "left out: no coordinates (--delay keeps it)"
                                             : "left out: no links join it to the largest part of the graph");
        conversion.report.note(fmt::format("left out: node {}", in_quotes(node.label)));
        continue;
      }
      sites[i] = conversion.draft.add_site(node.label, node.location);
      conversion.draft.add_host(node.label, sites[i]);
      conversion.report.count(
          "nodes", node.location ? "a site with one host" : "a site with one host, without coordinates");
    }
  }

  void convert(Conversion& conversion) const {
    const std::vector<bool> kept = largest_part();
    std::vector<std::size_t> sites(nodes_.size());
    add_nodes(conversion, kept, sites);
    std::size_t without_rate = 0, without_length = 0;
    for (const GraphEdge& edge : edges_) {
      std::string_view why = obstacle(edge);
      if (why.empty() && !kept[edge.from]) why = "left out: outside of the largest part of the graph";
      if (!why.empty()) {
        conversion.report.count("edges", why);
        continue;
      }
      if (!edge.rate && !options_.rate) {
        fail(edge.line, "LinkSpeedRaw",
             "missing, allowed: a speed in bit/s, or `--rate 10 Gbit/s` for all without");
      }
      without_rate += edge.rate ? 0 : 1;
      Draft::Span span{.rate = edge.rate ? *edge.rate : *options_.rate};
      span.great_circle = nodes_[edge.from].location && nodes_[edge.to].location;
      if (!span.great_circle) span.delay = *options_.delay, ++without_length;
      const auto& made = conversion.draft.topology().sites;
      conversion.draft.add_link(made[sites[edge.from]].name + "-" + made[sites[edge.to]].name,
                                sites[edge.from], sites[edge.to], span);
      conversion.report.count("edges", "a link");
    }
    if (without_rate != 0) {
      conversion.report.note(fmt::format("chosen: {} for {} links without LinkSpeedRaw",
                                         topology::to_text(*options_.rate), without_rate));
    }
    if (without_length != 0) {
      conversion.report.note(fmt::format("chosen: a delay of {} for {} links without coordinates",
                                         topology::to_text(*options_.delay), without_length));
    }
    conversion.report.note("chosen: fibre 1.3 times as long as the great circle, 4.9 us/km");
  }

  std::string_view text_;
  const std::string& file_;
  const ImportOptions& options_;
  pugi::xml_document document_;
  std::map<std::pair<std::string, std::string>, std::string> keys_;  // (for, attr.name): id
  std::map<std::string, std::size_t> indices_;                       // by id of a node
  std::vector<GraphNode> nodes_;
  std::vector<GraphEdge> edges_;
  Report report_;
};

}  // namespace

Conversion read_graphml(std::string_view text, const std::string& file, const ImportOptions& options) {
  return GraphmlReader(text, file, options).read();
}

}  // namespace longhaul::topology
