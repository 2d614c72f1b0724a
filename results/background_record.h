// SPDX-License-Identifier: GPL-2.0-only
//
// What background traffic, modelled beside a run, left of its links: plain data, part of run_record.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace longhaul::results {

// One direction of a link in the model. Frames and bytes (L2) are the model's own, which is slowed down;
// shares and times are those of the real link. Means are over time, or over the frames where frames are
// meant.
struct BackgroundDirection {
  std::string link, from, to;
  std::uint64_t in_frames = 0, out_frames = 0, dropped_frames = 0, held_frames = 0, marked_frames = 0;
  double carried = 0;    // by the background, of the rate
  double real_load = 0;  // fed back: offered by real frames, of the rate
  double mean_share_left = 1, least_share_left = 1;
  double mean_wait_us = 0, most_wait_us = 0;
  double loss = 0, mark = 0;

  bool conserved() const { return in_frames == out_frames + dropped_frames + held_frames; }
};

// How old something was when it was used, or how late it was done, ns.
struct Delays {
  std::uint64_t count = 0;
  std::int64_t p50_ns = 0, p99_ns = 0, max_ns = 0;
};

struct BackgroundResult {
  double slow_down = 1;               // k: rates and loads of the model are so much smaller
  double interval_ms = 0;             // between what the model says and says again
  std::uint64_t events = 0;           // of ns-3
  double cpu_s = 0, simulated_s = 0;  // that its thread took, for so much time of the model
  Delays age;                         // of what the model said when frames met it
  Delays lag;                         // of the model's events behind the clock
  std::vector<BackgroundDirection> directions;
};

// Links that ns-3 drove, which real frames crossed one by one.
struct InlineResult {
  std::vector<std::string> links;
  double hold_ms = 0;           // of their delay, that the data plane executes
  std::uint64_t entered = 0;    // real frames that went into ns-3
  std::uint64_t delivered = 0;  // came back, copies that links made not counted
  std::uint64_t copies = 0;
  std::uint64_t gone = 0;        // dropped by its links
  std::uint64_t background = 0;  // packets of others
  std::uint64_t events = 0;      // of ns-3
  double cpu_s = 0, simulated_s = 0;
  Delays lag;  // of ns-3's events behind the clock
};

}  // namespace longhaul::results
