// SPDX-License-Identifier: GPL-2.0-only
#include "results/pcapng.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <string>

#include "tests/results/pcapng_reader.h"
#include "tests/results/scratch.h"

namespace longhaul::results {
namespace {

using testing::contents;
using testing::PcapngBlock;
using testing::PcapngReader;
using testing::Scratch;

constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a, kInterface = 1, kStatistics = 5, kPacket = 6;
constexpr std::int64_t kStart = 1'700'000'000'123'456'789;

PcapngWriter::Config two_directions() {
  return {
      .directions = {{"wan", "Atlanta", "Mount Pleasant", BitRate::gigabits_per_second(400), "tcp port 5201"},
                     {"wan", "Mount Pleasant", "Atlanta", {}}},
      .application = "longhaul 9.9",
      .snap = 96,
      .start_ns = kStart};
}

CaptureRecord record(CapturePoint point, std::uint32_t number, std::uint32_t size, std::uint32_t kept,
                     Duration at) {
  CaptureRecord result{.point = point, .number = number, .size = size, .at = Instant::at(at)};
  for (std::uint32_t i = 0; i < kept; ++i) result.bytes.push_back(static_cast<std::byte>(number * 7 + i));
  return result;
}

std::string text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(Pcapng, DescribesTheSectionAndTwoInterfacesPerDirection) {
  const Scratch scratch;
  const auto path = scratch.path() / "wan.pcapng";
  PcapngWriter writer(path, two_directions());
  const auto blocks = PcapngReader::blocks(contents(path));  // also before close()
  ASSERT_EQ(blocks.size(), 5u);
  EXPECT_EQ(blocks[0].type, kSectionHeader);
  EXPECT_EQ(blocks[0].word(0), 0x1a2b3c4du);
  EXPECT_EQ(PcapngBlock::number<std::uint16_t>(blocks[0].fixed, 4), 1u);
  EXPECT_EQ(PcapngBlock::number<std::uint16_t>(blocks[0].fixed, 6), 0u);
  EXPECT_EQ(PcapngBlock::number<std::int64_t>(blocks[0].fixed, 8), -1);
  EXPECT_FALSE(blocks[0].options.at(2).empty());
  EXPECT_EQ(blocks[0].options.at(3).rfind("Linux ", 0), 0u);
  EXPECT_EQ(blocks[0].options.at(4), "longhaul 9.9");
  const char* const names[] = {
      "wan Atlanta -> Mount Pleasant ingress", "wan Atlanta -> Mount Pleasant release",
      "wan Mount Pleasant -> Atlanta ingress", "wan Mount Pleasant -> Atlanta release"};
  for (std::size_t i = 0; i < 4; ++i) {
    const PcapngBlock& interface = blocks[i + 1];
    EXPECT_EQ(interface.type, kInterface);
    EXPECT_EQ(PcapngBlock::number<std::uint16_t>(interface.fixed, 0), 1u);  // Ethernet
    EXPECT_EQ(interface.word(4), 96u);
    EXPECT_EQ(interface.options.at(2), names[i]);
    EXPECT_FALSE(interface.options.at(3).empty());
    EXPECT_EQ(interface.options.at(9), "\t");                   // 10^-9 s
    EXPECT_EQ(interface.options.at(13), std::string(1, '\0'));  // no FCS
    EXPECT_EQ(interface.options.count(8), i < 2 ? 1u : 0u);
    EXPECT_EQ(interface.options.count(11), i < 2 ? 1u : 0u);
  }
  EXPECT_EQ(blocks[1].option64(8), 400'000'000'000u);
  EXPECT_EQ(blocks[2].options.at(11), std::string(1, '\0') + "tcp port 5201");
}

TEST(Pcapng, WritesWhatEnteredLeftAndWasDropped) {
  const Scratch scratch;
  const auto path = scratch.path() / "wan.pcapng";
  PcapngWriter writer(path, two_directions());
  CaptureRecord dropped = record(CapturePoint::kDrop, 2, 61, 61, Duration::microseconds(3));
  dropped.cause = core::DropCause::kQueueFull;
  struct Case {
    std::size_t direction;
    CaptureRecord record;
    std::uint32_t interface;
    std::uint64_t time;
    std::uint32_t flags;
    std::uint64_t id;
  };
  const Case cases[] = {
      {0, record(CapturePoint::kIngress, 1, 1'514, 96, Duration::picoseconds(1'999)), 0, kStart + 1, 1, 1},
      {1, record(CapturePoint::kIngress, 1, 60, 60, {}), 2, kStart, 1, 0x1'0000'0001},
      {0, record(CapturePoint::kIngress, 2, 61, 61, Duration::microseconds(2)), 0, kStart + 2'000, 1, 2},
      {0, dropped, 0, kStart + 3'000, 1, 2},
      {0, record(CapturePoint::kRelease, 1, 1'514, 96, Duration::seconds(5)), 1, kStart + 5'000'000'000, 2,
       1},
      {1, record(CapturePoint::kRelease, 0xffff'ffff, 62, 62, Duration::seconds(100'000)), 3,
       kStart + 100'000'000'000'000, 2, 0x1'ffff'ffff},
      {1, record(CapturePoint::kDrop, 3, 0, 0, {}), 2, kStart, 1, 0x1'0000'0003},
  };
  for (const Case& c : cases) writer.write(c.direction, c.record);
  EXPECT_EQ(writer.records(), std::size(cases));
  writer.close(Instant::at(Duration::seconds(6)), std::vector<CaptureCounters>(2));
  EXPECT_FALSE(writer.failed());

  const std::string file = contents(path);
  EXPECT_EQ(writer.bytes(), file.size());
  const auto blocks = PcapngReader::blocks(file);
  ASSERT_EQ(blocks.size(), 5 + std::size(cases) + 4);
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    const PcapngBlock& packet = blocks[5 + i];
    const Case& c = cases[i];
    EXPECT_EQ(packet.type, kPacket) << i;
    EXPECT_EQ(packet.word(0), c.interface) << i;
    EXPECT_EQ(packet.time(4), c.time) << i;
    EXPECT_EQ(packet.word(16), c.record.size) << i;
    EXPECT_EQ(packet.packet, text(c.record.bytes)) << i;
    EXPECT_EQ(PcapngBlock::number<std::uint32_t>(packet.options.at(2), 0), c.flags) << i;
    EXPECT_EQ(packet.option64(5), c.id) << i;
    EXPECT_EQ(packet.options.count(1), c.record.point == CapturePoint::kDrop ? 1u : 0u) << i;
  }
  EXPECT_EQ(blocks[5 + 3].options.at(1), "dropped: queue_full");
}

TEST(Pcapng, EndsWithTheStatisticsOfEachInterface) {
  const Scratch scratch;
  const auto path = scratch.path() / "wan.pcapng";
  PcapngWriter writer(path, two_directions());
  for (int i = 0; i < 3; ++i) writer.write(0, record(CapturePoint::kIngress, 1, 60, 60, {}));
  writer.write(0, record(CapturePoint::kRelease, 1, 60, 60, {}));
  const CaptureCounters there{.seen = 100,
                              .filtered_out = 60,
                              .captured = 33,
                              .missed = 7,
                              .releases = 20,
                              .releases_missed = 5,
                              .drops = 6,
                              .drops_missed = 2};
  writer.close(Instant::at(Duration::seconds(9)), std::vector<CaptureCounters>{there, {}});
  writer.close({}, {});  // does nothing
  writer.write(0, record(CapturePoint::kRelease, 1, 60, 60, {}));
  EXPECT_EQ(writer.left_out(), 1u);
  const auto blocks = PcapngReader::blocks(contents(path));
  ASSERT_EQ(blocks.size(), 5u + 4 + 4);
  struct Expected {
    std::uint64_t received, dropped, accepted, delivered;
  };
  const Expected expected[] = {{100, 9, 40, 3}, {25, 5, 25, 1}, {0, 0, 0, 0}, {0, 0, 0, 0}};
  for (std::uint32_t i = 0; i < 4; ++i) {
    const PcapngBlock& statistics = blocks[9 + i];
    EXPECT_EQ(statistics.type, kStatistics);
    EXPECT_EQ(statistics.word(0), i);
    EXPECT_EQ(statistics.time(4), kStart + 9'000'000'000u);
    EXPECT_EQ(statistics.option_time(2), static_cast<std::uint64_t>(kStart));
    EXPECT_EQ(statistics.option_time(3), kStart + 9'000'000'000u);
    EXPECT_EQ(statistics.option64(4), expected[i].received);
    EXPECT_EQ(statistics.option64(5), expected[i].dropped);
    EXPECT_EQ(statistics.option64(6), expected[i].accepted);
    EXPECT_EQ(statistics.option64(8), expected[i].delivered);
  }
}

// For every bound from the least on: as many records as fit, then none, and statistics all the same.
TEST(Pcapng, StaysWithinItsBound) {
  const Scratch scratch;
  const auto path = scratch.path() / "wan.pcapng";
  PcapngWriter::Config config = two_directions();
  const auto bytes_with = [&](std::uint64_t bound) {
    config.largest_bytes = bound;
    PcapngWriter writer(path, config);
    for (std::uint32_t i = 0; i < 3; ++i) writer.write(1, record(CapturePoint::kRelease, i, 60, 60, {}));
    writer.write(1, record(CapturePoint::kRelease, 3, 40, 40, {}));  // would fit where the one before did not
    writer.close({}, std::vector<CaptureCounters>(2));
    EXPECT_FALSE(writer.failed());
    EXPECT_EQ(writer.records() + writer.left_out(), 4u);
    const std::string file = contents(path);
    EXPECT_EQ(PcapngReader::blocks(file).size(), 1u + 4 + writer.records() + 4);
    EXPECT_EQ(file.size(), writer.bytes());
    return std::pair(writer.records(), file.size());
  };
  constexpr std::size_t kOf60 = 28 + 60 + 8 + 12 + 4 + 4, kOf40 = kOf60 - 20;
  const std::size_t all = bytes_with(1'000'000).second;
  const std::size_t least = all - 3 * kOf60 - kOf40;
  for (std::uint64_t bound = least; bound <= all; ++bound) {
    const auto [records, size] = bytes_with(bound);
    const std::uint64_t of_60 = std::min<std::uint64_t>((bound - least) / kOf60, 3);
    EXPECT_EQ(records, of_60 + (bound == all ? 1 : 0)) << bound;
    EXPECT_LE(size, bound);
  }
  config.largest_bytes = least - 1;
  try {
    PcapngWriter writer(scratch.path() / "small.pcapng", config);
    FAIL() << "a file that has no room for its own head";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()), "cannot write " + (scratch.path() / "small.pcapng").string() +
                                             ": a capture of at most " + std::to_string(least - 1) +
                                             " B has no room for a frame, its head takes " +
                                             std::to_string(least) + " B");
  }
  EXPECT_FALSE(std::filesystem::exists(scratch.path() / "small.pcapng"));
}

// The disk is full in the midst of a block: the limit of this process's files does the same.
TEST(Pcapng, KeepsWhatIsThereWhenTheDiskIsFull) {
  constexpr std::uint64_t kRoom = 700'001;
  const Scratch scratch;
  const auto path = scratch.path() / "wan.pcapng";
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{kRoom, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  PcapngWriter writer(path, two_directions());
  constexpr std::uint32_t kRecords = 10'000;
  for (std::uint32_t i = 1; i <= kRecords; ++i) {
    writer.write(0, record(CapturePoint::kIngress, i, 1'514, 96, Duration::microseconds(i)));
    ASSERT_EQ(writer.records() + writer.left_out(), i);
  }
  writer.close({}, std::vector<CaptureCounters>(2));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_TRUE(writer.failed());
  EXPECT_EQ(writer.error(), "cannot write " + path.string() + ": File too large");
  const std::string file = contents(path);
  EXPECT_LE(file.size(), kRoom);
  const auto blocks = PcapngReader::blocks(file);
  ASSERT_EQ(blocks.size(), 5 + writer.records());
  EXPECT_GT(writer.records(), 2'000u);
  for (std::size_t i = 5; i < blocks.size(); ++i) ASSERT_EQ(blocks[i].option64(5), i - 4);
}

TEST(Pcapng, RefusesWithThePathAndTheReason) {
  const auto refusal = [](const std::filesystem::path& path, const PcapngWriter::Config& config) {
    try {
      PcapngWriter writer(path, config);
      return std::string("nothing");
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
  };
  PcapngWriter::Config config = two_directions();
  EXPECT_EQ(refusal("/nonexistent/wan.pcapng", config),
            "cannot write /nonexistent/wan.pcapng: No such file or directory");
  EXPECT_EQ(refusal("/dev/full", config), "cannot write /dev/full: No space left on device");
  config.directions[0].filter.assign(65'536, ' ');
  EXPECT_EQ(refusal("/dev/null", config),
            "cannot write /dev/null: a name or a filter in a capture is too long");
}

}  // namespace
}  // namespace longhaul::results
