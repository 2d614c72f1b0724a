// SPDX-License-Identifier: GPL-2.0-only
//
// What a capture saw of frames on one direction of a link, and how much it could not keep. Plain data between
// the tap (emulator/dataplane/capture.h) and the file (pcapng.h). Bytes are L2 bytes without FCS; instants
// are those of the data plane.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "emulator/core/counters.h"
#include "emulator/core/units.h"

namespace longhaul::results {

enum class CapturePoint : std::uint8_t {
  kIngress,  // it entered the link
  kRelease,  // it left the link, as `bytes` say: with marks and damage
  kDrop,     // it will not
};

struct CaptureRecord {
  CapturePoint point = CapturePoint::kIngress;
  core::DropCause cause{};   // of kDrop
  std::uint32_t number = 0;  // of the frame within the capture, from 1; copies that a link made share it
  std::uint32_t size = 0;    // of the whole frame, 0 when its bytes were not given
  Instant at;                // when it entered, its due time, or when it was dropped
  std::vector<std::byte> bytes = {};  // the first of them
};

struct CaptureCounters {
  std::uint64_t seen = 0;          // frames that entered the link = filtered_out + captured + missed
  std::uint64_t filtered_out = 0;  // the filter did not want them
  std::uint64_t captured = 0;      // have a number and a record
  std::uint64_t missed = 0;        // wanted, but no room: neither these nor what became of them is recorded
  std::uint64_t releases = 0;      // records of captured frames, and of their copies, that left
  std::uint64_t releases_missed = 0;
  std::uint64_t drops = 0;  // records of captured frames, and of their copies, that were dropped
  std::uint64_t drops_missed = 0;

  // Records that should be there and are not.
  std::uint64_t dropped_by_capture() const { return missed + releases_missed + drops_missed; }
  bool operator==(const CaptureCounters&) const = default;
};

}  // namespace longhaul::results
