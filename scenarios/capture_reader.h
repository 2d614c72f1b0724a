// SPDX-License-Identifier: GPL-2.0-only
//
// The frames of a capture file, pcap or pcapng, Ethernet only, read by libpcap; for hooks to be tried on. Of
// each the beginning, its length and when it came. Control thread; the whole file is read into memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "emulator/core/units.h"

namespace longhaul::scenario {

struct CapturedFrame {
  Instant at;                   // since the first frame of the file; no frame is earlier than one before it
  std::uint32_t size = 0;       // L2 bytes on the wire
  std::vector<std::byte> head;  // the first ones, up to LH_HEAD_BYTES, if the capture has that many
};

// Throws std::runtime_error in one line: the file, and what is wrong with it; a damaged one gives nothing.
std::vector<CapturedFrame> read_capture(const std::filesystem::path& file);

}  // namespace longhaul::scenario
