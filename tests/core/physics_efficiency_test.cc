// SPDX-License-Identifier: GPL-2.0-only
//
// What a transport gets out of a link, against closed forms: framing, go-back-N and selective repeat,
// windows, and the buffer that one flow needs.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/core/arq_sender.h"
#include "tests/core/statistics.h"
#include "tests/core/window_sender.h"

namespace longhaul::testing {
namespace {

// Payload bits per second over the rate, of a link that always has a frame waiting.
double goodput_share(core::LinkConfig config, std::uint32_t payload, std::uint32_t frame) {
  config.buffer = Bytes(10'000'000);
  Course course(config);
  constexpr std::uint64_t kFrames = 2'000;
  for (std::uint64_t i = 0; i < kFrames; ++i) course.offer(Instant{}, frame);
  course.finish();
  EXPECT_EQ(course.arrivals.size(), kFrames);
  const Duration whole = course.arrivals.back().due - Instant{} - config.delay;
  return static_cast<double>(kFrames * payload * 8) / whole.to_seconds() /
         static_cast<double>(config.rate.bps());
}

TEST(WireEfficiency, OfTcpAndRoce) {
  core::LinkConfig config;
  config.rate = BitRate::gigabits_per_second(400);
  config.delay = Duration::milliseconds(1);
  EXPECT_NEAR(goodput_share(config, 1'448, 1'514), 1'448.0 / 1'538, 1e-6);  // 94.15 %
  // Eth 14 + IP 20 + UDP 8 + BTH 12 + payload + ICRC 4, then FCS 4, preamble 8 and gap 12.
  EXPECT_NEAR(goodput_share(config, 4'096, 4'096 + 58), 0.9804, 5e-5);
  EXPECT_NEAR(goodput_share(config, 1'024, 1'024 + 58), 0.9259, 5e-5);
  EXPECT_NEAR(goodput_share(config, 46, 60), 46.0 / 84, 1e-6);
  EXPECT_NEAR(goodput_share(config, 6, 20), 6.0 / 84, 1e-6) << "the wire pads";
  config.overhead = Bytes(32);  // MACsec
  EXPECT_NEAR(goodput_share(config, 1'448, 1'514), 1'448.0 / 1'570, 1e-6);
  config.framing = core::Framing::kL2;
  EXPECT_NEAR(goodput_share(config, 1'448, 1'514), 1'448.0 / 1'546, 1e-6);
}

struct Path {
  core::LinkConfig there, back;
  double window;  // frames in flight: 1 + R x RTT / (8 x wire bytes)
};

constexpr std::uint32_t kRoceFrame = 4'154;  // 4,178 B on the wire

Path path_of(std::uint64_t gigabits, Duration round_trip) {
  Path path;
  path.there.rate = BitRate::gigabits_per_second(gigabits);
  path.there.buffer = Bytes(10'000'000);
  path.there.delay = round_trip / 2;
  path.back = path.there;
  path.window = 1 + round_trip.to_seconds() * static_cast<double>(gigabits) * 1e9 / (8 * 4'178);
  return path;
}

double go_back_n(double p, double window) {
  return (1 - p) / (1 - p + p * window);
}

struct Cell {
  std::uint64_t gigabits;
  Duration round_trip;
  double p;
  double table;  // the closed form as tabulated
  std::uint64_t transmissions;
  double tolerance;  // 3 %, and where restarts are few about two of their standard deviations besides
};

TEST(Retransmission, GoBackNEfficiencyIsTheClosedForm) {
  const Duration ms = Duration::milliseconds(1);
  for (const Cell& cell :
       {Cell{10, ms, 1e-4, 0.971, 300'000, 0.03}, Cell{10, ms, 1e-3, 0.769, 500'000, 0.03},
        Cell{10, ms, 1e-2, 0.248, 600'000, 0.05}, Cell{100, ms, 1e-5, 0.971, 500'000, 0.04},
        Cell{10, ms * 10, 1e-4, 0.769, 600'000, 0.07}, Cell{100, ms, 1e-3, 0.250, 600'000, 0.10}}) {
    Path path = path_of(cell.gigabits, cell.round_trip);
    EXPECT_NEAR(go_back_n(cell.p, path.window), cell.table, 0.001);
    path.there.loss = cell.p;
    ArqSender sender(path.there, path.back, Repeat::kGoBackN, kRoceFrame, 61);
    const ArqResult result = sender.run(cell.transmissions);
    EXPECT_NEAR(result.efficiency() / cell.table, 1, cell.tolerance) << cell.gigabits << "G " << cell.p;
    // The scatter of the loss process taken out, what a loss costs is exact to a frame or two in a window.
    EXPECT_GT(share_p(result.lost, result.sent, cell.p), kSignificance);
    const double restarts = static_cast<double>(result.sent - result.useful) / path.window;
    const double met = restarts / (restarts + static_cast<double>(result.useful));
    EXPECT_NEAR(met / cell.p, 1, 4 / std::sqrt(restarts)) << "losses met by useful frames";
    const auto counted = static_cast<double>(result.restarts);
    const double share = counted / (counted + static_cast<double>(result.useful));
    EXPECT_NEAR(result.efficiency() / go_back_n(share, path.window), 1, 0.03)
        << cell.gigabits << "G " << cell.p;
  }
}

TEST(Retransmission, ALossCostsGoBackNOneWindow) {
  // Losses at known places, far apart: W frames each, W = 1 + 1 ms x 10 Gbit/s / 33,424 bit = 300.2, and one
  // for the frame whose arrival shows the gap.
  Path path = path_of(10, Duration::milliseconds(1));
  path.there.loss = core::loss::EveryNth{10'000, 5'000};
  ArqSender sender(path.there, path.back, Repeat::kGoBackN, kRoceFrame, 1);
  const ArqResult result = sender.run(1'000 * 100);
  EXPECT_EQ(result.lost, 10u);
  const double each = static_cast<double>(result.sent - result.useful) / 10;
  // Half a window was on its way when sending ended.
  EXPECT_NEAR(each, path.window + 1 + path.window / 2 / 10, 1.5);
}

TEST(Retransmission, ScaleIsInTheDimensionlessGroupsOnly) {
  // 10 Gbit/s x 10 ms is 100 Gbit/s x 1 ms: the same frames meet the same fate.
  Path slow = path_of(10, Duration::milliseconds(10)), fast = path_of(100, Duration::milliseconds(1));
  slow.there.loss = fast.there.loss = 1e-4;
  const ArqResult a = ArqSender(slow.there, slow.back, Repeat::kGoBackN, kRoceFrame, 62).run(200'000);
  const ArqResult b = ArqSender(fast.there, fast.back, Repeat::kGoBackN, kRoceFrame, 62).run(200'000);
  EXPECT_EQ(a.lost, b.lost);
  EXPECT_NEAR(static_cast<double>(a.useful), static_cast<double>(b.useful),
              2.0 * static_cast<double>(a.lost));
}

TEST(Retransmission, SelectiveRepeatLosesOnlyWhatTheLineLoses) {
  const Duration ms = Duration::milliseconds(1);
  for (const auto& [gigabits, p] : {std::pair{10u, 1e-3}, {10u, 1e-2}, {100u, 1e-2}}) {
    Path path = path_of(gigabits, ms);
    path.there.loss = p;
    ArqSender sender(path.there, path.back, Repeat::kSelective, kRoceFrame, 63);
    const ArqResult result = sender.run(200'000);
    // Those on the line at the end are missing besides: a half round trip of them.
    EXPECT_NEAR(result.efficiency(), 1 - p, 0.001 + path.window / 2 / 200'000) << gigabits << "G " << p;
    EXPECT_GT(share_p(result.lost, result.sent, p), kSignificance);
  }
}

TEST(Windows, ThroughputIsTheWindowPerRoundTrip) {
  const Path path = path_of(10, Duration::milliseconds(1));
  const double frame_time = 4'178 * 8 / 1e10, answer_time = 84 * 8 / 1e10;
  const double round_trip = 1e-3 + frame_time + answer_time;
  for (const double window : {1.0, 30.0, 150.0, 290.0}) {
    WindowSender sender(path.there, path.back, Window::kFixed, window, kRoceFrame);
    const std::uint64_t frames =
        sender.run(Instant::at(Duration::milliseconds(10)), Instant::at(Duration::milliseconds(110)));
    EXPECT_NEAR(static_cast<double>(frames), 0.1 / round_trip * window, window + 1) << window;
  }
  WindowSender ample(path.there, path.back, Window::kFixed, 400, kRoceFrame);
  const std::uint64_t frames =
      ample.run(Instant::at(Duration::milliseconds(10)), Instant::at(Duration::milliseconds(110)));
  EXPECT_NEAR(static_cast<double>(frames), 0.1 / frame_time, 2) << "and the rate is the most";
  EXPECT_NEAR(static_cast<double>(ample.counters().queue_bytes), (400 - 301) * 4'154.0, 3 * 4'154.0)
      << "what exceeds the pipe stands in the buffer";
}

// Use of the rate by one Reno flow with a buffer of `b` rate-delay products: the sawtooth from (1 + b) / 2 to
// 1 + b, of which the part below 1 leaves the line idle.
double sawtooth_use(double b) {
  if (b >= 1) return 1;
  const double low = (1 + b) / 2;
  const double queueing = ((1 + b) * (1 + b) - 1) / 2;
  return ((1 - low * low) / 2 + queueing) / (1 - low + queueing);
}

TEST(BufferKnee, OneFlowNeedsTheRateDelayProduct) {
  constexpr std::uint32_t kSize = 1'000;
  core::LinkConfig there;
  there.rate = BitRate::gigabits_per_second(1);
  there.framing = core::Framing::kL2;
  there.delay = Duration::microseconds(400);  // 100 frames of 8 us per round trip
  core::LinkConfig back = there;
  back.buffer = Bytes(1'000'000);
  std::vector<double> use;
  for (const std::uint64_t buffer : {25u, 50u, 75u, 105u, 150u}) {
    there.buffer = Bytes(buffer * kSize);
    WindowSender sender(there, back, Window::kAimd, 50, kSize);
    const std::uint64_t frames =
        sender.run(Instant::at(Duration::milliseconds(100)), Instant::at(Duration::milliseconds(900)));
    use.push_back(static_cast<double>(frames) / 100'000);
    EXPECT_NEAR(use.back(), sawtooth_use(static_cast<double>(buffer) / 100), 0.02) << buffer;
    EXPECT_GT(sender.counters().dropped_in_all().frames, 3u) << "the window found the end of the buffer";
  }
  EXPECT_LT(use[0], 0.92);
  EXPECT_LT(use[2], 0.995);
  EXPECT_GT(use[3], 0.999);
  EXPECT_GT(use[4], 0.999);
}

}  // namespace
}  // namespace longhaul::testing
