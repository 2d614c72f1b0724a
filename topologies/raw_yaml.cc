// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/raw_yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "topologies/data_file.h"

namespace longhaul::topology {
namespace {

constexpr std::size_t kDeepest = 16;
constexpr std::size_t kMostChildren = 8'192;
constexpr std::size_t kMostNodes = 1'000'000;
constexpr std::string_view kYaml = "yaml";  // stands for the key where there is none

// Length of the UTF-8 sequence at `i`, 0 when it is not one (RFC 3629: no overlong forms, no surrogates).
std::size_t utf8_sequence(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) {
    return static_cast<unsigned char>(k < text.size() ? text[k] : '\0');
  };
  const auto follows = [&](std::size_t k, unsigned low = 0x80, unsigned high = 0xbf) {
    return byte(k) >= low && byte(k) <= high;
  };
  const unsigned char lead = byte(i);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return follows(i + 1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool second = follows(i + 1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf);
    return second && follows(i + 2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool second = follows(i + 1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf);
    return second && follows(i + 2) && follows(i + 3) ? 4 : 0;
  }
  return 0;
}

// The first line up to `last` that is indented with a tab, 0 when none is: the library's words for it
// mislead.
int first_tab_indent(std::string_view text, int last) {
  int line = 1;
  bool indentation = true;
  for (const char c : text) {
    if (c == '\n') {
      if (++line > last) return 0;
      indentation = true;
    } else if (c == '\t' && indentation) {
      return line;
    } else if (c != ' ') {
      indentation = false;
    }
  }
  return 0;
}

// Collects the library's events into a tree. Every bound is checked as the events come, before memory is
// spent.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const std::string& file) : file_(file) {}

  RawNode take() && { return std::move(root_); }
  bool is_empty() const { return !has_root_; }
  const Origin& start() const { return start_; }

  void OnDocumentStart(const YAML::Mark& mark) override { start_.line = mark.line + 1; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    if (wants_key()) fail(mark, "an empty key, write it as text");
    RawNode node = make(RawNode::Kind::kNull, mark);
    if (!node.key.empty()) node.origin = node.key_origin;
    add(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { fail(mark, kNoAnchors); }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { fail(mark, kNoAnchors); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    refuse_tag(mark, tag);
    if (wants_key()) return take_key(mark, value);
    RawNode node = make(RawNode::Kind::kScalar, mark);
    node.text = value;
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(RawNode::Kind::kSequence, mark, tag);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(RawNode::Kind::kMap, mark, tag);
  }
  void OnMapEnd() override { close(); }

 private:
  static constexpr std::string_view kNoAnchors = "anchors and aliases are not supported, write the value out";

  struct Key {
    std::string text;
    Origin origin;
  };
  struct Level {
    RawNode node;
    std::optional<Key> key;  // read, its value still to come
  };

  [[noreturn]] void fail(const YAML::Mark& mark, std::string_view message) const {
    throw error_at(file_, {mark.line + 1, {}}, path(), message);
  }

  std::string path() const {
    std::string path;
    for (const Level& level : levels_) {
      if (!level.key) continue;
      if (!path.empty()) path += '.';
      path += level.key->text;
    }
    return path.empty() ? std::string(kYaml) : path;
  }

  bool wants_key() const {
    return !levels_.empty() && levels_.back().node.kind == RawNode::Kind::kMap && !levels_.back().key;
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (!tag.empty() && tag != "?" && tag != "!") fail(mark, "tags are not supported, write the plain value");
  }

  void take_key(const YAML::Mark& mark, const std::string& text) {
    Level& level = levels_.back();
    if (text.empty()) fail(mark, "an empty key, write it as text");
    const RawNode* earlier = level.node.child(text);
    level.key = Key{text, {mark.line + 1, {}}};
    if (earlier != nullptr) {
      fail(mark, fmt::format("duplicate key, first given in line {}", earlier->key_origin.line));
    }
  }

  RawNode make(RawNode::Kind kind, const YAML::Mark& mark) {
    if (++nodes_ > kMostNodes) fail(mark, fmt::format("more than {} values in one file", kMostNodes));
    RawNode node;
    node.kind = kind;
    node.origin.line = mark.line + 1;
    if (!levels_.empty() && levels_.back().key) {
      node.key = levels_.back().key->text;
      node.key_origin = levels_.back().key->origin;
    }
    return node;
  }

  void open(RawNode::Kind kind, const YAML::Mark& mark, const std::string& tag) {
    refuse_tag(mark, tag);
    if (wants_key()) fail(mark, "a key that is a list or a mapping, write it as text");
    if (levels_.size() >= kDeepest) fail(mark, fmt::format("nested more than {} levels deep", kDeepest));
    RawNode node = make(kind, mark);
    if (!node.key.empty()) node.origin = node.key_origin;
    levels_.push_back({std::move(node), std::nullopt});
  }

  void close() {
    RawNode node = std::move(levels_.back().node);
    levels_.pop_back();
    add(std::move(node));
  }

  void add(RawNode node) {
    if (levels_.empty()) {
      root_ = std::move(node);
      has_root_ = true;
      return;
    }
    Level& level = levels_.back();
    if (level.node.children.size() >= kMostChildren) {
      throw error_at(file_, node.origin, path(), fmt::format("more than {} entries", kMostChildren));
    }
    level.node.children.push_back(std::move(node));
    level.key.reset();
  }

  const std::string& file_;
  std::vector<Level> levels_;
  RawNode root_;
  bool has_root_ = false;
  Origin start_;
  std::size_t nodes_ = 0;
};

}  // namespace

const RawNode* RawNode::child(std::string_view name) const {
  if (kind != Kind::kMap) return nullptr;
  const auto found =
      std::find_if(children.begin(), children.end(), [&](const RawNode& n) { return n.key == name; });
  return found == children.end() ? nullptr : &*found;
}

std::string one_line(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

ConfigError error_at(std::string_view file, const Origin& origin, std::string_view key,
                     std::string_view message) {
  constexpr std::size_t kLongestKey = 160;
  std::size_t length = std::min(key.size(), kLongestKey);
  while (length > 0 && length < key.size() && (static_cast<unsigned char>(key[length]) & 0xc0) == 0x80)
    --length;
  if (origin.overlay) {
    file = origin.overlay->file;
    if (key.starts_with(origin.overlay->below)) key.remove_prefix(origin.overlay->below.size());
  }
  std::string where;
  if (!origin.set.empty()) {
    where = fmt::format("--set {}: ", origin.set);
  } else if (!file.empty()) {
    where = fmt::format("{}:{}: ", file, origin.line);
  }
  return ConfigError(
      one_line(fmt::format("{}{}: {}", where, key.empty() ? kYaml : key.substr(0, length), message)));
}

void check_characters(std::string_view text, std::string_view file) {
  Origin here;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_sequence(text, i);
    if (length == 0) throw error_at(file, here, kYaml, "is not UTF-8, save the file as UTF-8");
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f) {
      throw error_at(file, here, kYaml, fmt::format("control character 0x{:02x}, allowed: text", c));
    }
    if (c == '\n') ++here.line;
    i += length;
  }
}

RawDocument parse_yaml(std::string_view text, std::string file) {
  if (text.size() > kLargestFile) throw error_at(file, {}, kYaml, "larger than 256 MiB, split the file");
  check_characters(text, file);
  RawDocument document{std::move(file), {}};
  document.base = std::filesystem::path(document.file).parent_path();
  std::istringstream stream{std::string(text)};
  try {
    YAML::Parser parser(stream);
    TreeBuilder builder(document.file);
    if (!parser.HandleNextDocument(builder) || builder.is_empty()) {
      throw error_at(document.file, {}, kYaml, "empty file, a mapping of keys is needed");
    }
    TreeBuilder second(document.file);
    if (parser.HandleNextDocument(second)) {
      throw error_at(document.file, second.start(), kYaml, "more than one document, allowed: one per file");
    }
    document.root = std::move(builder).take();
  } catch (const YAML::Exception& e) {
    const int line = std::max(e.mark.line, 0) + 1;
    if (const int tab = first_tab_indent(text, line); tab != 0) {
      throw error_at(document.file, {tab, {}}, kYaml, "a tab in the indentation, allowed: spaces");
    }
    throw error_at(document.file, {line, {}}, kYaml, e.msg.empty() ? "bad syntax" : e.msg);
  }
  return document;
}

RawDocument read_yaml(const std::filesystem::path& file) {
  return parse_yaml(read_text(file, kLargestFile), file.string());
}

}  // namespace longhaul::topology
