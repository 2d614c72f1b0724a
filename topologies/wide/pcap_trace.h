// SPDX-License-Identifier: GPL-2.0-only
//
// Frames that ns-3 saw, as a pcap file of Ethernet in nanoseconds, of which each frame has its first bytes.
// Everything throws std::runtime_error with the path when the file cannot be made or written on. One thread.
#pragma once

#include <ns3/packet.h>
#include <ns3/pcap-file.h>
#include <ns3/ptr.h>

#include <cstdint>
#include <filesystem>

#include "emulator/core/units.h"

namespace longhaul::wide {

class PcapTrace {
 public:
  // Makes or empties the file. `snap`: bytes to keep of a frame.
  PcapTrace(std::filesystem::path path, std::uint32_t snap);
  // `at`: since the start of the run.
  void write(Duration at, const ns3::Ptr<const ns3::Packet>& frame);
  void close();

 private:
  void check() const;

  std::filesystem::path path_;
  ns3::PcapFile file_;
};

}  // namespace longhaul::wide
