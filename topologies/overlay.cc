// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/overlay.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "topologies/decimal.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {
namespace {

using Source = std::shared_ptr<const Overlay>;

RawNode* child_of(RawNode& node, std::string_view key) {
  return const_cast<RawNode*>(std::as_const(node).child(key));
}

void set_source(RawNode& node, const Source& source) {
  node.origin.overlay = node.key_origin.overlay = source;
  for (RawNode& child : node.children) set_source(child, source);
}

[[noreturn]] void fail(const Source& source, const Origin& at, std::string_view path,
                       std::string_view message) {
  throw error_at(source->file, at, path, message);
}

void need_map(const RawNode& node, const Source& source, std::string_view path) {
  if (node.kind == RawNode::Kind::kMap || node.kind == RawNode::Kind::kNull) return;
  fail(source, node.origin, path,
       fmt::format("is {}, allowed: a mapping",
                   node.kind == RawNode::Kind::kScalar ? "a plain value" : "a list"));
}

// The children of `from` in place of those of `to` that have their keys.
void merge(const RawNode& from, const Source& source, bool directions, RawNode& to) {
  if (to.kind == RawNode::Kind::kNull) to.kind = RawNode::Kind::kMap;
  for (const RawNode& key : from.children) {
    RawNode* existing = child_of(to, key.key);
    const bool is_direction = directions && (key.key == "forward" || key.key == "reverse");
    if (existing != nullptr && is_direction && key.kind == RawNode::Kind::kMap &&
        existing->kind != RawNode::Kind::kScalar && existing->kind != RawNode::Kind::kSequence) {
      merge(key, source, false, *existing);
      continue;
    }
    // What the command line changed already stays so.
    if (existing != nullptr && !existing->origin.set.empty() && key.origin.set.empty()) continue;
    RawNode node = key;
    set_source(node, source);
    if (existing != nullptr) {
      *existing = std::move(node);
    } else {
      to.children.push_back(std::move(node));
    }
  }
}

}  // namespace

void lay_over(const LinkOverlay& overlay, RawNode& topology) {
  need_map(overlay.links, overlay.source, "links");
  RawNode* links = child_of(topology, "links");
  for (const RawNode& link : overlay.links.children) {
    const std::string path = "links." + link.key;
    RawNode* existing = links == nullptr ? nullptr : child_of(*links, link.key);
    if (existing == nullptr) {
      std::vector<std::string_view> names;
      if (links != nullptr) {
        for (const RawNode& known : links->children) names.push_back(known.key);
      }
      fail(overlay.source, link.key_origin, path,
           "is not a link of the topology" + suggestion(link.key, names));
    }
    need_map(link, overlay.source, path);
    if (existing->kind == RawNode::Kind::kMap || existing->kind == RawNode::Kind::kNull) {
      merge(link, overlay.source, true, *existing);
    }
  }
}

}  // namespace longhaul::topology
