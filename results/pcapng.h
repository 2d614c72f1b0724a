// SPDX-License-Identifier: GPL-2.0-only
//
// A capture file for Wireshark, tshark and tcpdump (pcapng, IETF draft-ietf-opsawg-pcapng) of one or several
// directions of links. Each direction is two interfaces: "LINK FROM -> TO ingress", frames as they entered,
// and "LINK FROM -> TO release", frames as they left at their due times. Records of one frame have the same
// epb_packetid on both; a dropped frame is a second record on the ingress interface with a comment, "dropped:
// CAUSE". Times are ns of wall clock time; one direction's records are in order of time, several directions'
// need not be. Blocks are buffered and reach the file whole, so what is there after a kill is well-formed.
//
// One thread. The capture must not lose the run: once the file is open, errors are kept, not thrown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "emulator/core/units.h"
#include "results/capture_record.h"

namespace longhaul::results {

class PcapngWriter {
 public:
  struct Direction {
    std::string link, from, to;
    BitRate rate;             // of the link; zero: not said
    std::string filter = {};  // that frames had to pass; empty: none
  };
  struct Config {
    std::vector<Direction> directions;
    std::string application;    // "longhaul 1.2"
    std::uint32_t snap = 128;   // bytes kept of each frame, the same for all: libpcap reads no other file
    std::int64_t start_ns = 0;  // wall clock at the instant 0, since 1970-01-01 UTC
    std::uint64_t largest_bytes = std::numeric_limits<std::uint64_t>::max();  // that the file may have
  };

  // Creates or empties `path` and writes what describes the directions. Throws std::runtime_error with path
  // and reason, also when `largest_bytes` has no room for that.
  PcapngWriter(const std::filesystem::path& path, const Config& config);
  ~PcapngWriter();  // writes what is buffered, without statistics: call close()
  PcapngWriter(const PcapngWriter&) = delete;
  PcapngWriter& operator=(const PcapngWriter&) = delete;

  // Appends a record of one of the directions. After the first that would make the file too large, after an
  // error and after close() it only counts it as left out.
  void write(std::size_t direction, const CaptureRecord& record);

  // Writes the directions' statistics, in their order, and closes; the second call does nothing.
  void close(Instant now, std::span<const CaptureCounters> counters);

  // Whether something could not be written; error() then says what and why in one line.
  bool failed() const { return !error_.empty(); }
  const std::string& error() const { return error_; }

  std::uint64_t records() const { return records_ + buffered_records_; }  // written
  std::uint64_t left_out() const { return left_out_; }                    // not written
  std::uint64_t bytes() const { return in_file_ + buffer_.size(); }       // of the file once all is written

 private:
  void describe(const Config& config);
  void flush();
  void fail(int error);
  std::uint64_t timestamp(Instant at) const {
    return static_cast<std::uint64_t>(start_ns_ + at.since_zero().ns());
  }

  std::filesystem::path path_;
  std::int64_t start_ns_;
  std::uint64_t largest_bytes_;
  std::vector<std::uint64_t> records_of_;  // by interface
  int file_ = -1;                          // open until close() or an error
  bool full_ = false;                      // the next record would have made the file too large
  std::vector<std::byte> buffer_;          // whole blocks
  std::uint64_t in_file_ = 0;              // bytes of whole blocks
  std::uint64_t records_ = 0, buffered_records_ = 0, left_out_ = 0;  // in the file, in `buffer_`, in neither
  std::string error_;
};

}  // namespace longhaul::results
