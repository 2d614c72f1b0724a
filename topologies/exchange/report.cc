// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/exchange/report.h"

#include <fmt/format.h>

#include <algorithm>

namespace longhaul::topology {

Report::Kind& Report::kind(std::string_view name) {
  for (Kind& kind : kinds_) {
    if (kind.name == name) return kind;
  }
  return kinds_.emplace_back(Kind{std::string(name), 0, {}});
}

void Report::find(std::string_view found, std::size_t count) {
  kind(found).found += count;
}

void Report::count(std::string_view found, std::string_view what, std::size_t count) {
  std::vector<Part>& parts = kind(found).parts;
  const auto part = std::find_if(parts.begin(), parts.end(), [&](const Part& p) { return p.what == what; });
  if (part != parts.end()) {
    part->count += count;
  } else {
    parts.push_back({std::string(what), count});
  }
}

std::size_t Report::found(std::string_view found) const {
  for (const Kind& kind : kinds_) {
    if (kind.name == found) return kind.found;
  }
  return 0;
}

std::size_t Report::counted(std::string_view found, std::string_view what) const {
  for (const Kind& kind : kinds_) {
    if (kind.name != found) continue;
    for (const Part& part : kind.parts) {
      if (part.what == what) return part.count;
    }
  }
  return 0;
}

void Report::check() const {
  for (const Kind& kind : kinds_) {
    std::size_t sum = 0;
    for (const Part& part : kind.parts) sum += part.count;
    if (sum != kind.found) {
      throw Miscount(
          fmt::format("converting {}: {} were found and {} accounted for", kind.name, kind.found, sum));
    }
  }
}

std::string Report::text(std::string_view indent) const {
  std::string text;
  for (const Kind& kind : kinds_) {
    text += fmt::format("{}{} {}\n", indent, kind.found, kind.name);
    for (const Part& part : kind.parts) text += fmt::format("{}  {:>4} {}\n", indent, part.count, part.what);
  }
  for (const std::string& note : notes_) text += fmt::format("{}{}\n", indent, note);
  return text;
}

}  // namespace longhaul::topology
