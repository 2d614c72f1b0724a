// SPDX-License-Identifier: GPL-2.0-only
//
// A tap on one direction of a link: which frames entered it, when, and what became of them. Records go from
// the lcore that owns the link to the control thread through a ring of bytes, in which a short frame takes as
// much room as it has bytes. When the reader is too far behind, records are missed and counted; the lcore
// never waits and never allocates. Opens no file (results/pcapng.h does) and is free of DPDK.
//
// Threads: offered(), released() and dropped() belong to the one lcore that owns the link, next() to one
// other thread; counters() may be called by any. Frames stay their caller's; the tap copies what it keeps.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "emulator/core/counters.h"
#include "emulator/core/units.h"
#include "results/capture_record.h"

struct bpf_program;  // libpcap's

namespace longhaul::dataplane {

using results::CaptureCounters;
using results::CapturePoint;
using results::CaptureRecord;

class Capture {
 public:
  struct Config {
    // A libpcap expression, "tcp port 5201"; empty: all frames. It is asked once, when a frame enters, and
    // sees the whole frame. As with tcpdump, frames with a VLAN tag want "vlan and ...".
    std::string filter = {};
    std::uint32_t snap = 128;    // bytes kept of each frame
    std::size_t slots = 16'384;  // records of `snap` bytes that find room at once; of shorter frames more do
  };
  static constexpr std::uint32_t kLargestSnap = 262'144;  // libpcap's own bound

  // Compiles the filter and reserves all memory. Throws std::runtime_error with the filter and the reason.
  explicit Capture(const Config& config);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // Bytes that a capture of this configuration reserves.
  static std::uint64_t memory_needed(const Config& config);

  // A frame enters the link. Returns its number within the capture, from 1, or 0 when the filter does not
  // want it or there is no room, and then nothing that becomes of it is recorded. `is_wanted`: whatever the
  // filter says.
  std::uint32_t offered(std::span<const std::byte> frame, Instant at, bool is_wanted = false);

  // A frame leaves the link at its due time, with the bytes with which it leaves; or was dropped, and `frame`
  // may be empty. Does nothing for the number 0.
  void released(std::uint32_t number, std::span<const std::byte> frame, Instant due) {
    if (number != 0) put_release(number, frame, due);
  }
  void dropped(std::uint32_t number, std::span<const std::byte> frame, core::DropCause cause, Instant at) {
    if (number != 0) put_drop(number, frame, cause, at);
  }

  // Takes the oldest record not yet taken; false when there is none. They come in the order of the calls.
  bool next(CaptureRecord& record);

  // Exact when no frame is on its way through a call above; otherwise each figure is at most one behind.
  CaptureCounters counters() const;

 private:
  using Head = std::array<std::uint64_t, 3>;  // of a record in the ring; its bytes follow
  struct FreeFilter {
    void operator()(bpf_program* filter) const;
  };
  using Counter = std::atomic<std::uint64_t>;  // written by the lcore

  static std::unique_ptr<bpf_program, FreeFilter> compile(const Config& config);
  bool wants(std::span<const std::byte> frame) const;
  void put_release(std::uint32_t number, std::span<const std::byte> frame, Instant due);
  void put_drop(std::uint32_t number, std::span<const std::byte> frame, core::DropCause cause, Instant at);
  bool put(CapturePoint point, core::DropCause cause, std::uint32_t number, std::span<const std::byte> frame,
           Instant at);
  void append_wrapping(const void* from, std::size_t count);
  void extract(void* to, std::size_t count);

  const std::unique_ptr<bpf_program, FreeFilter> filter_;  // none: all frames
  const std::size_t snap_;
  std::vector<std::byte> ring_;  // bytes [head_, tail_), modulo its size, are the reader's

  alignas(64) std::atomic<std::uint64_t> tail_{0};  // bytes ever written, by the lcore
  std::uint64_t head_seen_ = 0;                     // head_ when the lcore last looked
  std::size_t write_at_ = 0;                        // tail_ modulo the ring's size
  std::uint32_t last_number_ = 0;
  Counter filtered_out_{0}, captured_{0}, missed_{0};
  Counter releases_{0}, releases_missed_{0}, drops_{0}, drops_missed_{0};

  alignas(64) std::atomic<std::uint64_t> head_{0};  // bytes ever read, by the reader
  std::uint64_t tail_seen_ = 0;
  std::size_t read_at_ = 0;
};

}  // namespace longhaul::dataplane
