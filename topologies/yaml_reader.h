// SPDX-License-Identifier: GPL-2.0-only
//
// Typed access to a raw configuration tree. Every failure is a ConfigError that names the place, the dotted
// key, what is wrong and what is allowed. A YamlValue is a cursor: it points into a RawDocument that must
// outlive it. What the values mean together is checked by the loaders (topologies/load.h, scenarios/load.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "topologies/quantity.h"
#include "topologies/raw_yaml.h"

namespace longhaul::topology {

class YamlMap;

class YamlValue {
 public:
  explicit YamlValue(const RawDocument& document) : document_(&document), node_(&document.root) {}

  const std::string& key() const { return node_->key; }
  const std::string& path() const { return path_; }  // dotted, from the top of the file
  bool is_map() const { return node_->kind == RawNode::Kind::kMap; }
  bool is_sequence() const { return node_->kind == RawNode::Kind::kSequence; }
  bool is_scalar() const { return node_->kind == RawNode::Kind::kScalar; }
  bool is_null() const { return node_->kind == RawNode::Kind::kNull; }
  bool is_override() const { return !node_->origin.set.empty(); }
  // Of two places that say what excludes each other, the one of higher rank counts: the file, then what is
  // laid over it, then --set.
  int rank() const;

  // Throws the ConfigError for this value.
  [[noreturn]] void fail(std::string_view message) const;
  // The same for its key rather than its value.
  [[noreturn]] void fail_key(std::string_view message) const;

  // The text of a scalar; fails for anything else, saying that `needed` is needed.
  const std::string& text(std::string_view needed) const;

  // One line of prose: printable, at most 200 bytes, end trimmed.
  std::string prose() const;

  // The scalar as `parse` reads it, a function of quantity.h.
  template <typename Parse>
  auto read(Parse parse, std::string_view needed) const {
    const std::string& written = text(needed);
    try {
      return parse(written);
    } catch (const QuantityError& e) {
      fail(e.what());
    }
  }

  // The path `name`, as this value gives it: relative to the file that holds the value, or to where the
  // caller is when it came by --set.
  std::filesystem::path path_of(std::string_view name) const;

  // A whole number within the bounds.
  std::uint64_t integer(std::uint64_t least, std::uint64_t most) const;

  // Index of the scalar in `choices`; fails with the nearest one and all of them.
  std::size_t choice(std::initializer_list<std::string_view> choices) const;

  // A name: a-z, 0-9 and -, not beginning with -, at most `longest` characters.
  std::string name(std::size_t longest) const;
  // The same for the key of this value.
  const std::string& key_name(std::size_t longest) const;

  // The mapping with these keys and no other; null is a mapping without keys.
  YamlMap map(const std::vector<std::string_view>& known) const;

  // The values of a list.
  std::vector<YamlValue> items() const;

  // The values of a mapping whose keys are names of the file's own; null has none. One that exists only
  // because an override reaches into it is an unknown key.
  std::vector<YamlValue> named() const;

 private:
  friend class YamlMap;
  YamlValue(const RawDocument* document, const RawNode* node, std::string path)
      : document_(document), node_(node), path_(std::move(path)) {}
  YamlValue child(const RawNode& node) const;
  [[noreturn]] void fail_kind(std::string_view needed) const;

  const RawDocument* document_;
  const RawNode* node_;
  std::string path_;
};

// A mapping whose keys have been checked.
class YamlMap {
 public:
  // The value of `key`, if it is there.
  std::optional<YamlValue> find(std::string_view key) const;
  // The value of `key`; when it is not there, fails saying that it is missing and what is allowed.
  YamlValue need(std::string_view key, std::string_view allowed) const;
  // Fails for `key`, which is not there, at the place of the mapping.
  [[noreturn]] void fail(std::string_view key, std::string_view message) const;

 private:
  friend class YamlValue;
  explicit YamlMap(YamlValue self) : self_(std::move(self)) {}
  YamlValue self_;
};

// ", did you mean 'x'?" when one of `known` is near `word`, else ", allowed: " and all of them.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace longhaul::topology
