// SPDX-License-Identifier: GPL-2.0-only
//
// The raw form of a configuration file: a tree of nodes that know where they were written, before anything is
// known about keys and types. Typed access is in yaml_reader.h, changes from the command line in overrides.h.
// Input is not trusted: size, depth and number of nodes are bounded, text must be UTF-8, and anchors,
// aliases, tags and duplicate keys are errors. The YAML library does not show through. A tree is a plain
// value, owned by whoever holds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "topologies/config_error.h"

namespace longhaul::topology {

// A file whose values were laid over those of another.
struct Overlay {
  std::string file;            // for messages
  std::filesystem::path base;  // where relative paths in it begin
  std::string below = {};      // begins the keys there, and not in this file: `topology.`
};

// Where something was written: a line of the file, or a --set.
struct Origin {
  int line = 1;
  std::string set;                              // the key of the override, empty for the file
  std::shared_ptr<const Overlay> overlay = {};  // the file, when it is not the document's own
};

struct RawNode {
  enum class Kind : std::uint8_t { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  Origin origin;                  // of the value; of the key for a map or a sequence that has one
  std::string text;               // kScalar
  std::vector<RawNode> children;  // kSequence and kMap, in the order of the file
  std::string key;                // of this node in its parent, if that is a map
  Origin key_origin;
  bool implied = false;  // a map that exists only because the path of an override goes through it

  const RawNode* child(std::string_view name) const;
};

struct RawDocument {
  std::string file;  // for messages
  RawNode root;
  std::filesystem::path base = {};  // where relative paths in it begin
};

// Room for traces that an effective configuration holds in place.
inline constexpr std::size_t kLargestFile = std::size_t{1} << 28;

// Parses one YAML document; throws ConfigError. `file` names it in messages; relative paths begin beside it.
RawDocument parse_yaml(std::string_view text, std::string file);

// Reads and parses a file; throws ConfigError.
RawDocument read_yaml(const std::filesystem::path& file);

// Throws ConfigError unless `text` is UTF-8 without control characters other than white space.
void check_characters(std::string_view text, std::string_view file);

// `text` with control characters replaced, so that it prints on one line.
std::string one_line(std::string_view text);

// The error for `key` at `origin` in `file`; without a place when the file has no name, as what is typed has
// none.
ConfigError error_at(std::string_view file, const Origin& origin, std::string_view key,
                     std::string_view message);

}  // namespace longhaul::topology
