// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/yaml_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <span>

namespace longhaul::topology {
namespace {

constexpr std::size_t kLongestProse = 200;

// Damerau-Levenshtein distance (optimal string alignment), ASCII case ignored.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + cost});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

// A range of names as "a, b, c".
template <typename Range>
std::string listed(const Range& names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

std::string joined(std::string_view path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

// What is wrong with a name, empty when nothing is.
std::string name_problem(std::string_view name, std::size_t longest) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (!name.empty() && name.size() <= longest && name.front() != '-' &&
      std::all_of(name.begin(), name.end(), fits)) {
    return {};
  }
  return fmt::format("{} is not a name, allowed: a-z, 0-9 and - (not first), at most {} characters",
                     in_quotes(name), longest);
}

}  // namespace

std::string suggestion(std::string_view word, const std::vector<std::string_view>& known) {
  std::string_view nearest;
  constexpr std::size_t kLongestWord = 64;
  std::size_t best = word.size() / 3;  // of a word of two letters, everything short would be near
  if (best > 0 && word.size() <= kLongestWord) {
    for (const std::string_view candidate : known) {
      const std::size_t distance = edit_distance(word, candidate);
      if (distance <= best && (nearest.empty() || distance < best)) {
        nearest = candidate;
        best = distance;
      }
    }
  }
  if (!nearest.empty()) return fmt::format(", did you mean {}?", in_quotes(nearest));
  if (known.empty()) return ", allowed: none";
  constexpr std::size_t kMostListed = 24;
  const std::span first(known.data(), std::min(known.size(), kMostListed));
  return fmt::format(", allowed: {}{}", listed(first), first.size() < known.size() ? "..." : "");
}

int YamlValue::rank() const {
  return node_->origin.set.empty() ? (node_->origin.overlay ? 1 : 0) : 2;
}

void YamlValue::fail(std::string_view message) const {
  throw error_at(document_->file, node_->origin, path_, message);
}

void YamlValue::fail_key(std::string_view message) const {
  throw error_at(document_->file, node_->key_origin, path_, message);
}

void YamlValue::fail_kind(std::string_view needed) const {
  std::string_view is = "is empty";
  if (is_map()) is = "is a mapping";
  if (is_sequence()) is = "is a list";
  if (is_scalar()) fail(fmt::format("{} is a plain value, allowed: {}", in_quotes(node_->text), needed));
  fail(fmt::format("{}, allowed: {}", is, needed));
}

YamlValue YamlValue::child(const RawNode& node) const {
  return {document_, &node, joined(path_, node.key)};
}

const std::string& YamlValue::text(std::string_view needed) const {
  if (!is_scalar()) fail_kind(needed);
  return node_->text;
}

std::string YamlValue::prose() const {
  std::string prose = text("one line of text");
  prose.erase(prose.find_last_not_of(" \r\n\t") + 1);
  if (one_line(prose) != prose)
    fail("has control characters or more than one line, allowed: one line of text");
  if (prose.size() > kLongestProse) {
    fail(fmt::format("is {} bytes long, allowed: one line of at most {}", prose.size(), kLongestProse));
  }
  return prose;
}

std::filesystem::path YamlValue::path_of(std::string_view name) const {
  if (name.empty() || one_line(name) != name)
    fail("is empty or has control characters, allowed: a file's name");
  if (is_override()) return name;
  return (node_->origin.overlay ? node_->origin.overlay->base : document_->base) / name;
}

std::uint64_t YamlValue::integer(std::uint64_t least, std::uint64_t most) const {
  const std::string allowed = fmt::format("a whole number from {} to {}", least, most);
  const std::string& written = text(allowed);
  std::optional<std::uint64_t> value;
  try {
    value = parse_integer(written);
  } catch (const QuantityError&) {
    fail(fmt::format("{} is not valid, allowed: {}", in_quotes(written), allowed));
  }
  if (*value < least || *value > most) fail(fmt::format("{} is out of range, allowed: {}", *value, allowed));
  return *value;
}

std::size_t YamlValue::choice(std::initializer_list<std::string_view> choices) const {
  const std::string& written = text(listed(choices));
  const auto found = std::find(choices.begin(), choices.end(), written);
  if (found == choices.end()) {
    fail(fmt::format("{} is not known, allowed: {}", in_quotes(written), listed(choices)));
  }
  return static_cast<std::size_t>(found - choices.begin());
}

std::string YamlValue::name(std::size_t longest) const {
  const std::string& written = text("a name");
  if (const std::string problem = name_problem(written, longest); !problem.empty()) fail(problem);
  return written;
}

const std::string& YamlValue::key_name(std::size_t longest) const {
  if (const std::string problem = name_problem(key(), longest); !problem.empty()) fail_key(problem);
  return key();
}

YamlMap YamlValue::map(const std::vector<std::string_view>& known) const {
  if (!is_map() && !is_null()) fail_kind(fmt::format("a mapping of {}", listed(known)));
  for (const RawNode& node : node_->children) {
    if (std::find(known.begin(), known.end(), node.key) == known.end()) {
      child(node).fail_key("unknown key" + suggestion(node.key, known));
    }
  }
  return YamlMap(*this);
}

std::vector<YamlValue> YamlValue::items() const {
  if (!is_sequence()) fail_kind("a list such as [a, b]");
  std::vector<YamlValue> values;
  for (const RawNode& node : node_->children) {
    values.push_back({document_, &node, fmt::format("{}[{}]", path_, values.size())});
  }
  return values;
}

std::vector<YamlValue> YamlValue::named() const {
  if (!is_map() && !is_null()) fail_kind("a mapping of names");
  std::vector<std::string_view> names;
  for (const RawNode& node : node_->children) {
    if (!node.implied) names.push_back(node.key);
  }
  std::vector<YamlValue> values;
  for (const RawNode& node : node_->children) {
    if (node.implied) child(node).fail_key("unknown key" + suggestion(node.key, names));
    values.push_back(child(node));
  }
  return values;
}

std::optional<YamlValue> YamlMap::find(std::string_view key) const {
  const RawNode* node = self_.node_->child(key);
  if (node == nullptr) return std::nullopt;
  return self_.child(*node);
}

YamlValue YamlMap::need(std::string_view key, std::string_view allowed) const {
  if (const auto value = find(key)) return *value;
  fail(key, fmt::format("missing, allowed: {}", allowed));
}

void YamlMap::fail(std::string_view key, std::string_view message) const {
  throw error_at(self_.document_->file, self_.node_->origin, joined(self_.path_, key), message);
}

}  // namespace longhaul::topology
