// SPDX-License-Identifier: GPL-2.0-only
//
// Flow files of HPCC's simulator and its kin: `N`, then N times `FROM TO PRIORITY-GROUP PORT BYTES START`,
// the start in seconds, ascending; prose may follow. They belong to a topology file, whose nodes they name.
// Out come flows between the hosts of the converted topology, and a table of them. Throws ConfigError.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/core/units.h"
#include "topologies/exchange/report.h"

namespace longhaul::topology {

struct Flow {
  std::string from, to;  // hosts
  std::uint8_t priority = 0;
  std::uint16_t port = 0;  // of the destination
  Bytes size;
  Duration start;

  bool operator==(const Flow&) const = default;
};

struct Flows {
  std::vector<Flow> flows;
  Report report;
};

// `hosts` is Import::hosts of the topology file.
Flows import_flows(std::string_view text, const std::string& file, const std::vector<std::string>& hosts);

// CSV with the header `from,to,priority,port,bytes,start_s`.
std::string flows_csv(const std::vector<Flow>& flows);

}  // namespace longhaul::topology
