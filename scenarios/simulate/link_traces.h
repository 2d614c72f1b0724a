// SPDX-License-Identifier: GPL-2.0-only
//
// What left simulated links, as ns-3 sees it: a pcap file (nanoseconds, Ethernet) for each direction of a
// link, of the first 128 bytes of each frame that came to the far end, after loss, marks and hooks. Payload
// is zeros, since no data is carried. One thread.
#pragma once

#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "results/row_file.h"
#include "scenarios/model.h"
#include "topologies/wide/network.h"
#include "topologies/wide/pcap_trace.h"

namespace longhaul::scenario {

class LinkTraces {
 public:
  // None unless `coupling.pcap`: of the links of `coupling.inline`, or of all when it names none, as
  // LINK-forward.pcap and LINK-reverse.pcap in `directory`, which is made. `unwritten` is told of those that
  // cannot be written on. Outlives the last frame of `network`.
  LinkTraces(const Scenario& scenario, const wide::Network& network, const std::filesystem::path& directory,
             std::vector<std::string>& unwritten);
  LinkTraces(const LinkTraces&) = delete;
  LinkTraces& operator=(const LinkTraces&) = delete;
  // Ends the files; a directory without any goes.
  void close();

 private:
  std::filesystem::path directory_;
  std::deque<results::RowFile<wide::PcapTrace>> files_;
};

}  // namespace longhaul::scenario
