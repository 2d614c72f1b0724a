// SPDX-License-Identifier: GPL-2.0-only
//
// What reads each format, for import.cc alone.
#pragma once

#include <string>
#include <string_view>

#include "topologies/exchange/draft.h"
#include "topologies/exchange/import.h"

namespace longhaul::topology {

// What a format's reader works on.
struct Conversion {
  Draft draft;
  Report report;
  std::vector<std::string> hosts = {};  // by node
};

Conversion read_hpcc(std::string_view text, const std::string& file, const ImportOptions& options);
Conversion read_graphml(std::string_view text, const std::string& file, const ImportOptions& options);
Conversion read_containerlab(std::string_view text, const std::string& file, const ImportOptions& options);

// An empty one, called as was asked for, else `given`, else as the file without its endings.
Draft draft_for(const ImportOptions& options, std::string_view given, const std::string& file);

}  // namespace longhaul::topology
