// SPDX-License-Identifier: GPL-2.0-only
//
// A capture that somebody asked for while a testbed stands: taps on directions of one link, and the file into
// which what they record goes. One thread; drain() must be called often enough for the taps' rings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "emulator/dataplane/capture.h"
#include "results/pcapng.h"
#include "scenarios/live_testbed.h"

namespace longhaul::scenario {

struct CaptureRequest {
  std::vector<std::size_t> directions;  // by their index in a sample
  std::filesystem::path file;
  std::string filter;
  std::uint32_t snap = 128;
  std::uint64_t largest_bytes = std::numeric_limits<std::uint64_t>::max();  // of the file
};

class LiveCapture {
 public:
  // Opens the file and starts the taps. Throws std::runtime_error; then nothing is captured.
  LiveCapture(LiveTestbed& testbed, const CaptureRequest& request, const std::string& application);
  ~LiveCapture();  // stop()s
  LiveCapture(const LiveCapture&) = delete;
  LiveCapture& operator=(const LiveCapture&) = delete;

  const std::vector<std::size_t>& directions() const { return directions_; }

  // Writes what was recorded since the last time.
  void drain();
  // Ends the taps, writes the rest and closes the file; the second call does nothing.
  void stop();

  struct Counts {
    results::CaptureCounters frames;                     // of all directions
    std::uint64_t records = 0, bytes = 0, left_out = 0;  // of the file
    std::string error;                                   // why the file ends early; empty: it does not
  };
  Counts counts() const;

 private:
  LiveTestbed& testbed_;
  std::vector<std::size_t> directions_;
  std::vector<std::unique_ptr<dataplane::Capture>> taps_;  // by direction
  std::unique_ptr<results::PcapngWriter> file_;
  std::size_t started_ = 0;  // taps that are in place
  bool stopped_ = false;
};

}  // namespace longhaul::scenario
