// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

constexpr std::ptrdiff_t kMostParts = 16;

void set_origin(RawNode& node, const std::string& set) {
  node.origin.set = set;
  node.key_origin.set = set;
  for (RawNode& child : node.children) set_origin(child, set);
}

RawNode parse_override_value(const Override& change) {
  const std::string label = "--set " + change.written;
  if (auto node = parse_word(change.value, label)) return *std::move(node);
  throw ConfigError(fmt::format("{}: {}: {} is not valid YAML, allowed: a value, [list] or {{key: value}}",
                                one_line(label), one_line(change.key), in_quotes(change.value)));
}

}  // namespace

// Only what looks like a list, a mapping or a quoted text is YAML; the rest is taken as it stands, so that a
// `#` or a `:` in it needs no quotes beyond the shell's.
std::optional<RawNode> parse_word(std::string_view value, std::string_view label) {
  const auto first = value.find_first_not_of(" \t");
  if (first != std::string::npos && std::string_view("[{\"'").find(value[first]) != std::string_view::npos) {
    try {
      return parse_yaml(value, std::string(label)).root;
    } catch (const ConfigError&) {
      return std::nullopt;
    }
  }
  check_characters(value, label);
  RawNode node;
  node.kind = first == std::string::npos ? RawNode::Kind::kNull : RawNode::Kind::kScalar;
  if (first != std::string::npos) {
    node.text = value.substr(first, value.find_last_not_of(" \t") - first + 1);
  }
  return node;
}

Override parse_override(std::string_view text) {
  const auto equals = text.find('=');
  const std::string key(text.substr(0, equals));
  const bool empty_part =
      key.empty() || key.front() == '.' || key.back() == '.' || key.find("..") != std::string::npos;
  const bool clean = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
  const auto parts = std::count(key.begin(), key.end(), '.') + 1;
  if (equals == std::string_view::npos || empty_part || !clean || parts > kMostParts) {
    throw ConfigError(fmt::format(
        "--set: {} is not an override, allowed: key.key=value, for example links.wan.rate=10 Gbit/s",
        in_quotes(text)));
  }
  return {key, std::string(text.substr(equals + 1)), key};
}

void apply(const Override& change, RawDocument& document) {
  RawNode value = parse_override_value(change);
  RawNode* node = &document.root;
  std::string walked;
  std::string_view rest = change.key;
  while (!rest.empty()) {
    const auto dot = rest.find('.');
    const std::string part(rest.substr(0, dot));
    rest.remove_prefix(dot == std::string_view::npos ? rest.size() : dot + 1);
    if (node->kind == RawNode::Kind::kNull) {
      node->kind = RawNode::Kind::kMap;
    } else if (node->kind != RawNode::Kind::kMap) {
      const bool list = node->kind == RawNode::Kind::kSequence;
      throw error_at(document.file, {1, change.written}, walked,
                     list ? "is a list, set it as a whole, for example [a, b]"
                          : fmt::format("is a plain value and has no key {}", in_quotes(part)));
    }
    walked += (walked.empty() ? "" : ".") + part;
    RawNode* next = const_cast<RawNode*>(std::as_const(*node).child(part));
    if (next == nullptr) {
      RawNode made;
      made.kind = RawNode::Kind::kMap;
      made.implied = true;
      made.key = part;
      made.key_origin.set = made.origin.set = change.written;
      next = &node->children.emplace_back(std::move(made));
    }
    node = next;
  }
  value.key = node->key;
  value.key_origin = node->key_origin;
  const Origin key_origin = value.key_origin;
  set_origin(value, change.written);
  value.key_origin = key_origin;
  *node = std::move(value);
}

}  // namespace longhaul::topology
