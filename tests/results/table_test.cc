// SPDX-License-Identifier: GPL-2.0-only
#include "results/table.h"

#include <gtest/gtest.h>

#include <sstream>

#include "results/text_layout.h"
#include "tests/results/sample_record.h"

namespace longhaul::results {
namespace {

using testing::sample_record;

// clang-format off
constexpr const char* kGolden = R"(# longhaul 0.1.0 revision 0123456789ab
# Run first-light, seed 7, started 2025-11-21T03:25:52Z, took 21.8 s
# Collective test: AllReduce ring, 4 ranks, warmup iters: 2 iters: 5
#
#  Rank  0 Group  0 Pid   4100 on      atl-0 CPU, Gloo over TCP (cubic)
#  Rank  1 Group  0 Pid   4101 on      mtp-0 CPU, Gloo over TCP (cubic)
#  Rank  2 Group  0 Pid   4102 on      atl-1 CPU, Gloo over TCP (cubic)
#  Rank  3 Group  0 Pid   4103 on      mtp-1 CPU, Gloo over TCP (cubic)
#
#       size         count      type   redop    root     time   algbw   busbw  #wrong  predicted  residual
#        (B)    (elements)                               (us)  (GB/s)  (GB/s)               (us)       (%)
        4096          1024     float     sum      -1  39912.2  0.0001  0.0002       0   39778.60      +0.3
       65536         16384     float     sum      -1  40480.5  0.0016  0.0024       0   40613.40      -0.3
     1048576        262144     float     sum      -1  53871.8  0.0195  0.0292       0   53143.90      +1.4
# Out of bounds values : 0 OK
# Avg bus bandwidth    : 0.0105929
#
# Predictions (closed form: lock step without handshakes; Gloo's schedule: with them)
#    size  measured  closed form  residual  Gloo's schedule  residual  hosts' CPUs
#     (B)      (us)         (us)       (%)             (us)       (%)     busy (%)
     4096   39912.2      39778.6      +0.3          39800.5      +0.3           11
    65536   40480.5      40613.4      -0.3          40200.2      +0.7           25
  1048576   53871.8      53143.9      +1.4          53500.0      +0.7           92
# At 1048576 B the hosts' CPUs were busy for 90 % or more: they may set the pace, not the links
#
# Path probes (ping before the workload)
# from   to     RTT expected     min     avg     max  received/sent  min - expected
#                       (ms)    (ms)    (ms)    (ms)                           (ms)
  atl-0  mtp-0        13.259  13.301  13.322  13.390          10/10          +0.042
  atl-1  mtp-1        13.259  13.298  13.315  13.401          10/10          +0.039
#
# Links, by direction (L2 bytes)
#                  in        out  queue_full  line_loss  held  queue peak  conserved
#                                    dropped    dropped
  wan: Atlanta -> Mount Pleasant
    frames     102468     102463           0          2     3                    yes
    bytes   155136552  155128982           0       3028  4542     1657500
  wan: Mount Pleasant -> Atlanta
    frames      98765      98743          17          2     3                    yes
    bytes   149530210  149496902       25738       3028  4542     1657500
#
# Release lateness (sent - due)
# direction                       frames  early   P50   P99  P99.9    max
#                                                (us)  (us)   (us)   (us)
  wan: Atlanta -> Mount Pleasant  102463      0   4.2  31.2   88.7  412.3
  wan: Mount Pleasant -> Atlanta   98743      0   4.2  31.2   88.7  412.3
#
# Lcores, and what came between them and their work (gaps: turns above 100 us)
# CPU  busy  asleep  away  steal  softirq+irq  switched  gaps  gaps  longest turn
#       (%)     (%)  (ms)   (ms)         (ms)                  (ms)          (ms)
    3  39.5    60.0  55.5     30           50        17    41  12.2          1.85
#
# Ports of the data plane
# host         rx        rx        tx        tx      lost
#        (frames)   (bytes)  (frames)   (bytes)  (frames)
  atl-0     51234  77568276     51223  77551622         0
  mtp-0     51235  77569790     51224  77553136         0
  atl-1     51236  77571304     51225  77554650         0
  mtp-1     51237  77572818     51226  77556164         0
# Frames lost by the emulator, by place
  atl-0 net_af_xdp_atl-0,iface=lh-atl-0: rx_missed 0, rx_no_mbuf 0, tx_ring_full 0, veth_drop 0
  mtp-0 net_af_xdp_mtp-0,iface=lh-mtp-0: rx_missed 0, rx_no_mbuf 0, tx_ring_full 0, veth_drop 0
  atl-1 net_af_xdp_atl-1,iface=lh-atl-1: rx_missed 0, rx_no_mbuf 0, tx_ring_full 0, veth_drop 0
  mtp-1 net_af_xdp_mtp-1,iface=lh-mtp-1: rx_missed 0, rx_no_mbuf 0, tx_ring_full 0, veth_drop 0
#
# Site switches (frames)
# site            forwarded  flooded  filtered  storm limited
  Atlanta            204900        6         0              0
  Mount Pleasant     197500        6         1              2
#
VERDICT: VALID
  no emulator loss at 4 ports in 16 places
  conserved exactly: 201233 frames in = out + dropped + held on 2 link directions
  lateness P99 31.2 us <= 200 us in the worst direction, none of 201206 frames early
  CPU 3 of the data plane: taken away for 55.5 ms of 20.0 s (steal 30 ms, softirq 40 ms, irq 10 ms, 17
    involuntary switches), 41 gaps of 12.2 ms in all, longest turn 1.9 ms
  sums correct in 21 checked iterations at 3 sizes
  all 20 probes answered, no sample of links.csv missing
)";
// clang-format on

TEST(Table, Golden) {
  EXPECT_EQ(report_text(sample_record(), Colour::kNever), kGolden);
}

// clang-format off
constexpr const char* kEventful = R"(# Links, by direction (L2 bytes)
#                  in        out  queue_full  line_loss  held  queue peak  conserved
#                                    dropped    dropped
  wan: Atlanta -> Mount Pleasant
    frames     102468     102463           0          2     3                    yes
    bytes   155136552  155128982           0       3028  4542     1657500
  wan: Mount Pleasant -> Atlanta
    frames      98765      98743          17          2     3                    yes
    bytes   149530210  149496902       25738       3028  4542     1657500
    dropped by red: 3 frames, 4542 bytes
    dropped by headroom_full: 1 frames, 1514 bytes
    marked by red: 70 frames, 105980 bytes
    duplicated: 4 frames, 6056 bytes
    corrupted: 2 frames, 3028 bytes
    reordered: 5 frames
    pause: 12 XOFF, 11 XON, 1 lost, 2 storms, far peak 123456 bytes
)";

constexpr const char* kClasses = R"(# Traffic classes, by direction
# class        in         in   dropped  dropped    marked  paused
#        (frames)    (bytes)  (frames)  (bytes)  (frames)    (ms)
  wan: Mount Pleasant -> Atlanta
      0     90000  136260000        20    30280        70   0.000
      1      8765   13270210         0        0         0   4.250
)";
// clang-format on

TEST(Table, WhatIsRareHasALineWhereItHappened) {
  const RunRecord record = testing::eventful_record();
  EXPECT_EQ(links_table(record), kEventful);
  EXPECT_EQ(classes_table(record), kClasses);
  EXPECT_EQ(classes_table(sample_record()), "");
  const std::string text = report_text(record, Colour::kNever);
  EXPECT_NE(text.find(kClasses), std::string::npos);
  EXPECT_NE(text.find("# Decisions in decisions.csv: 97, missing: 0\n"), std::string::npos);
  EXPECT_NE(text.find("    12 frames came from another lcore after their time, by up to 45.6 us\n"),
            std::string::npos);
  EXPECT_NE(text.find("# cannot write links.csv: No space left on device\n#\n"), std::string::npos);
  EXPECT_NE(text.find("# PAUSE and PFC frames from hosts\n  atl-1 9\n"), std::string::npos);
}

TEST(Table, AtMost110ColumnsWithLargeFiguresAndLongNames) {
  RunRecord record = sample_record();
  record.revision = std::string(60, 'f') + " " + std::string(80, 'e');
  for (DirectionResult& direction : record.directions) {
    constexpr std::uint64_t kFrames = 60'000'000'000;  // 90 TB
    direction.link = "a-link-with-a-very-long-name-that-somebody-chose";
    direction.from = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch";
    core::LinkCounters& counters = direction.counters;
    counters.in = counters.out = {kFrames, kFrames * 1514};
    counters.dropped.fill({kFrames / 100, kFrames / 100 * 1514});
    counters.held = {400'000, 600'000'000};
    counters.queue_peak_bytes = 5'000'000'000;
    counters.marked.fill({kFrames, kFrames * 1514});
    counters.duplicated = counters.corrupted = {kFrames, kFrames * 1514};
    counters.reordered = kFrames;
    counters.pause = {kFrames, kFrames, kFrames, kFrames, kFrames};
    counters.classes.fill({{kFrames, kFrames * 1514},
                           {kFrames, kFrames * 1514},
                           kFrames,
                           5'000'000'000,
                           Duration::seconds(86'400)});
    direction.classes = core::kMostClasses;
    direction.lateness = {kFrames, kFrames, 999'999'999, 1'999'999'999, 2'000'000'000, 99'000'000'000};
  }
  for (PortResult& port : record.ports) {
    port.host = std::string(70, 'h');
    port.device = std::string(90, 'd');
    port.rx_frames = port.tx_frames = 60'000'000'000;
    port.rx_bytes = port.tx_bytes = 90'000'000'000'000;
    for (int i = 0; i < 8; ++i) port.losses.emplace_back("place_of_loss_" + std::to_string(i), 123'456'789);
  }
  LoopResult& loop = record.loops[0];
  constexpr double kWeekMs = 6.048e8;
  loop.cpu = 1'023;
  loop.elapsed_ms = loop.cpu_ms = loop.slept_ms = kWeekMs;
  loop.steal_ms = loop.softirq_ms = loop.irq_ms = loop.run_delay_ms = kWeekMs;
  loop.gap_ms = kWeekMs, loop.longest_turn_us = kWeekMs;
  loop.gaps = 6'000'000'000, loop.involuntary_switches = 6'000'000'000;
  for (DirectionResult& direction : record.directions) direction.entered_late = 60'000'000'000;
  for (PathProbe& probe : record.probes) probe.from = probe.to = std::string(60, 'p');
  for (CollectiveResult& result : record.collectives) {
    result.size_bytes = 16ULL << 30;
    result.time_us = result.predicted_us = result.scheduled_us = 3.2e9;
    result.wrong = 4'000'000'000;
    result.host_cpus_busy = 1;
  }
  record.judgement.reasons.assign(2, std::string(60, 'a') + " " + std::string(60, 'b'));
  std::istringstream lines(report_text(record, Colour::kNever));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), kTextWidth) << line;
}

TEST(Table, NotConservedIsLoud) {
  RunRecord record = sample_record();
  ++record.directions[1].counters.in.frames;
  const std::string text = links_table(record);
  EXPECT_NE(text.find(" yes\n"), std::string::npos);
  EXPECT_NE(text.find(" NO\n"), std::string::npos);
}

TEST(Table, WrongSumsAreLoud) {
  RunRecord record = sample_record();
  record.collectives[0].wrong = 7;
  EXPECT_NE(collectives_table(record).find("# Out of bounds values : 7 FAILED\n"), std::string::npos);
}

TEST(Table, LossesAreSummedAndNamed) {
  RunRecord record = sample_record();
  record.ports[1].losses[0].second = 3;
  record.ports[1].losses[3].second = 4;
  const std::string text = ports_table(record);
  EXPECT_NE(text.find("rx_missed 3, rx_no_mbuf 0, tx_ring_full 0, veth_drop 4\n"), std::string::npos);
  EXPECT_NE(text.find("         7\n"), std::string::npos);
}

TEST(Table, FramesOnSharedInterfacesAreShownWhereThereAreAny) {
  RunRecord record = testing::eventful_record();
  EXPECT_NE(ports_table(record).find("shared interfaces, by what was done with them\n"
                                     "  atl-1: taken roce 5, passed no_match 70\n"),
            std::string::npos)
      << ports_table(record);
  record.ports[2].steering.clear();
  EXPECT_EQ(ports_table(record).find("shared"), std::string::npos);
}

TEST(Table, AnInterfaceThatIsGoneIsLoud) {
  RunRecord record = sample_record();
  EXPECT_EQ(ports_table(record).find("GONE"), std::string::npos);
  record.ports[1].gone = true;
  EXPECT_NE(ports_table(record).find("mtp-0 net_af_xdp_mtp-0,iface=lh-mtp-0: GONE, rx_missed 0"),
            std::string::npos);
}

TEST(Table, WhatTheKernelDoesNotTellShowsADash) {
  RunRecord record = sample_record();
  record.loops[0].steal_ms = record.loops[0].softirq_ms = record.loops[0].run_delay_ms = std::nullopt;
  record.loops[0].involuntary_switches = std::nullopt;
  EXPECT_NE(lcores_table(record).find("    3  39.5    60.0  100.0      -            -         -    41  12.2"),
            std::string::npos)
      << lcores_table(record);
  record.loops.clear();
  EXPECT_EQ(lcores_table(record), "");
}

TEST(Table, NoPredictionAndNoReplyShowADash) {
  RunRecord record = sample_record();
  record.collectives.resize(1);
  record.collectives[0].predicted_us = 0;
  record.collectives[0].host_cpus_busy = std::nullopt;
  EXPECT_NE(
      predictions_table(record).find("  4096   39912.2            -         -          39800.5      +0.3\n"),
      std::string::npos);
  record.collectives[0].scheduled_us = 0;
  EXPECT_NE(
      predictions_table(record).find("  4096   39912.2            -         -                -         -\n"),
      std::string::npos);
  EXPECT_NE(collectives_table(record).find("       0          -         -\n"), std::string::npos);
  record.probes.resize(1);
  record.probes[0].received = 0;
  EXPECT_NE(probes_table(record).find("0/10               -\n"), std::string::npos);
}

TEST(Table, LiveChangesAreListedUpToTwenty) {
  RunRecord record = sample_record();
  EXPECT_EQ(live_changes_table(record), "");
  for (int i = 0; i < 22; ++i) record.live_changes.add({0.5 + i, "wan: delay 8 ms"});
  const std::string table = live_changes_table(record);
  EXPECT_EQ(table.find("# Live changes\n  t = 0.500000 s: wan: delay 8 ms\n"), 0U) << table;
  EXPECT_NE(table.find("  t = 19.500000 s: wan: delay 8 ms\n  and 2 more\n"), std::string::npos) << table;
  EXPECT_NE(report_text(record, Colour::kNever).find(table), std::string::npos);
}

TEST(Table, MissingSamplesAreSaid) {
  RunRecord record = sample_record();
  record.samples_lost = 12;
  EXPECT_NE(report_text(record, Colour::kNever).find("# Samples missing in links.csv: 12\n"),
            std::string::npos);
}

TEST(Table, ColourIsOnTheVerdictWordOnly) {
  RunRecord record = sample_record();
  EXPECT_EQ(report_text(record, Colour::kNever).find('\033'), std::string::npos);
  record.judgement = {Verdict::kInvalid, {"one", "two"}};
  EXPECT_EQ(verdict_text(record.judgement, Colour::kNever), "VERDICT: INVALID\n  one\n  two\n");
  EXPECT_EQ(verdict_text(record.judgement, Colour::kVerdict),
            "VERDICT: \033[31mINVALID\033[0m\n  one\n  two\n");
  const std::string report = report_text(record, Colour::kVerdict);
  EXPECT_EQ(report.find('\033'), report.rfind("INVALID") - 5);
}

TEST(Table, AnEmptyRecordStillPrints) {
  const std::string text = report_text(RunRecord(), Colour::kNever);
  EXPECT_NE(text.find("# Avg bus bandwidth    : 0\n"), std::string::npos);
  EXPECT_NE(text.find("VERDICT: INVALID\n"), std::string::npos);
}

}  // namespace
}  // namespace longhaul::results
