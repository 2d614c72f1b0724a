// SPDX-License-Identifier: GPL-2.0-only
//
// Writes a capture of two directions to the file named on the command line and prints, record by record, what
// a reader of it has to see, for the test with Wireshark's own tools: time, interface, bytes kept, bytes,
// epb_packetid, direction (1 in, 2 out), comment and the bytes, separated by tabs.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <vector>

#include "results/pcapng.h"

namespace {

using namespace longhaul;
using results::CapturePoint;
using results::CaptureRecord;

constexpr std::int64_t kStart = 1'700'000'000'999'999'000;
constexpr std::uint32_t kSnap = 70;

std::vector<std::byte> udp_frame(std::uint32_t size, bool marked) {
  const auto ecn = static_cast<unsigned char>(marked ? 3 : 2);
  const auto ip_bytes = static_cast<unsigned char>(size - 14),
             udp_bytes = static_cast<unsigned char>(size - 34);
  // clang-format off
  const unsigned char head[] = {
      2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0,                                             // Ethernet
      0x45, ecn, 0, ip_bytes, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,           // IPv4
      0x14, 0x51, 0x14, 0x51, 0, udp_bytes, 0, 0};                                          // UDP
  // clang-format on
  std::vector<std::byte> frame(size, std::byte{0xa5});
  std::memcpy(frame.data(), head, sizeof(head));
  return frame;
}

void write(results::PcapngWriter& file, std::size_t direction, CaptureRecord record) {
  const bool released = record.point == CapturePoint::kRelease;
  record.bytes = udp_frame(record.size, released);
  record.bytes.resize(std::min(record.size, kSnap));
  file.write(direction, record);
  const std::int64_t time = kStart + record.at.since_zero().ns();
  fmt::print("{}.{:09}\twan {} {}\t{}\t{}\t{}\t{}\t{}\t", time / 1'000'000'000, time % 1'000'000'000,
             direction == 0 ? "Atlanta -> Mount Pleasant" : "Mount Pleasant -> Atlanta",
             released ? "release" : "ingress", record.bytes.size(), record.size,
             direction << 32 | record.number, released ? 2 : 1,
             record.point == CapturePoint::kDrop ? fmt::format("dropped: {}", name(record.cause)) : "");
  for (const std::byte byte : record.bytes) fmt::print("{:02x}", std::to_integer<unsigned>(byte));
  fmt::print("\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: write_capture FILE\n";
    return 2;
  }
  try {
    const BitRate rate = BitRate::gigabits_per_second(100);
    results::PcapngWriter file(argv[1], {.directions = {{"wan", "Atlanta", "Mount Pleasant", rate, "udp"},
                                                        {"wan", "Mount Pleasant", "Atlanta", rate, "udp"}},
                                         .application = "longhaul test",
                                         .snap = kSnap,
                                         .start_ns = kStart});
    std::vector<results::CaptureCounters> counters(2);
    for (std::uint32_t number = 1; number <= 20; ++number) {
      for (std::size_t direction = 0; direction < 2; ++direction) {
        const Instant at = Instant::at(Duration::nanoseconds(333 * number));
        CaptureRecord record{.number = number, .size = 50 + 3 * number, .at = at};
        write(file, direction, record);
        record.at = at + Duration::milliseconds(5);
        record.point = number % 4 == 0 ? CapturePoint::kDrop : CapturePoint::kRelease;
        record.cause = static_cast<core::DropCause>(number % core::kDropCauses);
        write(file, direction, record);
      }
    }
    for (results::CaptureCounters& of : counters)
      of = {.seen = 30, .filtered_out = 7, .captured = 20, .missed = 3, .releases = 15, .drops = 5};
    file.close(Instant::at(Duration::seconds(1)), counters);
    if (file.failed()) throw std::runtime_error(file.error());
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
