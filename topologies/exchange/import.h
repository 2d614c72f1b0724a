// SPDX-License-Identifier: GPL-2.0-only
//
// Topologies from the files of other tools: text in, a topology, its file and a report of the conversion out.
//   hpcc          HPCC's simulator and those that came from it: ASTRA-sim, SimAI (hpcc.cc)
//   graphml       GraphML (graphml.graphdrawing.org) with the keys of the Internet Topology Zoo (graphml.cc)
//   containerlab  topology definition files, *.clab.yml (containerlab.cc)
// What cannot be mapped is refused, `FILE:LINE: key: what is wrong, what is allowed`: a ConfigError. Pure
// functions; input is not trusted. What the formats mean here is in docs/topologies.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topologies/exchange/report.h"
#include "topologies/model.h"

namespace longhaul::topology {

enum class ImportFormat : std::uint8_t { kHpcc, kGraphml, kContainerlab };

struct ImportOptions {
  std::string name = {};               // of the topology; empty: the file's
  std::optional<BitRate> rate = {};    // of links of which the file does not say it
  std::optional<Duration> delay = {};  // likewise
};

struct Import {
  Topology topology;
  std::string yaml;  // loads to `topology`; the report stands at its head
  Report report;
  std::vector<std::string> hosts;  // hpcc: by node, the name of its host; empty for a switch
};

// hpcc, graphml, containerlab.
std::string_view to_text(ImportFormat format);
// The format of that name; throws ConfigError, which lists them.
ImportFormat parse_format(std::string_view name);
// By the name of the file, else by how its text begins; none when neither tells.
std::optional<ImportFormat> guess_format(std::string_view file, std::string_view text);

// Converts `text`; `file` names it in messages, and the topology unless the options do.
Import import_topology(std::string_view text, const std::string& file, ImportFormat format,
                       const ImportOptions& options = {});

}  // namespace longhaul::topology
