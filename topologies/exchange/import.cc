// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/exchange/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "topologies/config_error.h"
#include "topologies/exchange/formats.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

constexpr std::array<std::string_view, 3> kNames{"hpcc", "graphml", "containerlab"};  // by ImportFormat

Conversion read(std::string_view text, const std::string& file, ImportFormat format,
                const ImportOptions& options) {
  switch (format) {
    case ImportFormat::kHpcc:
      return read_hpcc(text, file, options);
    case ImportFormat::kGraphml:
      return read_graphml(text, file, options);
    case ImportFormat::kContainerlab:
      break;
  }
  return read_containerlab(text, file, options);
}

// The file without its directory, as text that may stand in any file.
std::string base_name(const std::string& file) {
  constexpr std::size_t kLongest = 100;
  std::string name = file.substr(file.rfind('/') + 1).substr(0, kLongest);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return name;
}

}  // namespace

std::string_view to_text(ImportFormat format) {
  return kNames[static_cast<std::size_t>(format)];
}

ImportFormat parse_format(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<ImportFormat>(i);
  }
  throw ConfigError(
      fmt::format("format {}: not known, allowed: {}", in_quotes(name), fmt::join(kNames, ", ")));
}

std::optional<ImportFormat> guess_format(std::string_view file, std::string_view text) {
  if (file.ends_with(".graphml") || file.ends_with(".xml")) return ImportFormat::kGraphml;
  if (file.ends_with(".yml") || file.ends_with(".yaml")) return ImportFormat::kContainerlab;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return std::nullopt;
  if (text[first] == '<') return ImportFormat::kGraphml;
  if (text[first] >= '0' && text[first] <= '9') return ImportFormat::kHpcc;
  return std::nullopt;
}

Draft draft_for(const ImportOptions& options, std::string_view given, const std::string& file) {
  const std::string name = base_name(file);
  std::string_view chosen = options.name;
  if (chosen.empty()) chosen = given;
  if (chosen.empty()) chosen = std::string_view(name).substr(0, name.find('.'));
  return Draft(chosen, "Converted from " + name);
}

Import import_topology(std::string_view text, const std::string& file, ImportFormat format,
                       const ImportOptions& options) {
  Conversion conversion = read(text, file, format, options);
  Report& report = conversion.report;
  if (conversion.draft.small_buffers() != 0) {
    report.note(
        fmt::format("chosen: buffers of 1 bdp, and of {} for {} directions of links where that is more",
                    to_text(Draft::kLeastBuffer), conversion.draft.small_buffers() * 2));
  }
  report.check();
  const std::string head = fmt::format("# Converted from {} ({}) by `longhaul topology import`:\n{}",
                                       base_name(file), to_text(format), report.text("#   "));
  Draft::Finished finished = conversion.draft.finish(head, file + ", converted");
  return {std::move(finished.topology), std::move(finished.yaml), std::move(report),
          std::move(conversion.hosts)};
}

}  // namespace longhaul::topology
