// SPDX-License-Identifier: GPL-2.0-only
//
// Workloads of flows in virtual time: what comes, what is lost and when, against figures worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/scenarios/simulate/simulate_fixture.h"

namespace longhaul::scenario {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr const char* kTopology = R"(
topology:
  name: two
  mtu: 1500
  sites: { a: {}, b: {} }
  hosts: { h0: { site: a, rate: 1 Gbit/s }, h1: { site: a }, h2: { site: b }, h3: { site: b } }
  links: { wan: { between: [a, b], delay: 5 ms, rate: 100 Mbit/s, buffer: 100 kB, framing: l2, $LINK } }
)";

class SimulateFlows : public Simulate {
 protected:
  // `link`: more keys of the link; `workload`: those of the workload.
  static Scenario scenario(const std::string& workload, const std::string& link = "cost: 1",
                           std::uint64_t seed = 1) {
    std::string text = "name: flows\nseed: " + std::to_string(seed) + kTopology;
    text.replace(text.find("$LINK"), 5, link);
    return load_text(text + "workload:\n  kind: flows\n" + workload, "test", {}, {});
  }
  static std::uint64_t dropped(const RunOutcome& outcome) {
    std::uint64_t frames = 0;
    for (const results::DirectionResult& direction : outcome.record.directions)
      frames += direction.counters.dropped_in_all().frames;
    return frames;
  }
};

const results::WorkloadFlow::Frames& frames_of(const RunOutcome& outcome, std::size_t flow = 0) {
  return *outcome.record.workload_flows.at(flow).frames;
}
const results::WorkloadFlow::Transfer& transfer_of(const RunOutcome& outcome, std::size_t flow = 0) {
  return *outcome.record.workload_flows.at(flow).transfer;
}

// 1,000 B at 10 Mbit/s are a frame each 0.8 ms. The host's cable counts 24 B more on the wire.
TEST_F(SimulateFlows, AConstantFlowIsDelayedByPropagationAndSerialisationAlone) {
  const RunOutcome outcome =
      run(scenario("  duration: 100 ms\n  flows: [{ from: h0, to: h2, kind: constant, rate: 10 Mbit/s, "
                   "packet: 1 kB }]\n"));
  EXPECT_EQ(outcome.record.judgement.verdict, results::Verdict::kValid);
  EXPECT_THAT(outcome.record.judgement.reasons, Contains(HasSubstr("all 1 flows are over")));
  const results::WorkloadFlow::Frames& frames = frames_of(outcome);
  EXPECT_EQ(frames.sent.frames, 124U);
  EXPECT_EQ(frames.sent, frames.received);
  EXPECT_EQ(frames.sent.bytes, 124'000U);
  EXPECT_EQ(frames.copies, 0U);
  const double expected_us = 5'000 + 80 + 1'024 * 8 / 1e3 + 1'024 * 8 / 1e5;
  ASSERT_TRUE(frames.one_way);
  EXPECT_NEAR(frames.one_way->p50_us, expected_us, 0.01);
  EXPECT_NEAR(frames.one_way->max_us, expected_us, 0.01);
}

TEST_F(SimulateFlows, WhatIsTooMuchForTheLinkIsLostInItsQueue) {
  const RunOutcome outcome = run(scenario(R"(  duration: 1 s
  flows:
    - { from: h0, to: h2, kind: constant, rate: 80 Mbit/s }
    - { from: h1, to: h3, kind: poisson, rate: 80 Mbit/s }
)"));
  EXPECT_EQ(outcome.record.judgement.verdict, results::Verdict::kValid);
  const core::Tally lost = frames_of(outcome, 0).lost() + frames_of(outcome, 1).lost();
  const core::LinkCounters& forward = outcome.record.directions[topology::kForward].counters;
  EXPECT_EQ(lost, forward.dropped[static_cast<std::size_t>(core::DropCause::kQueueFull)]);
  EXPECT_EQ(frames_of(outcome, 0).received.frames + frames_of(outcome, 1).received.frames,
            forward.out.frames);
  // 160 Mbit/s into 100: three in eight are lost, but for what the queue holds.
  EXPECT_NEAR(static_cast<double>(lost.bytes) / 20e6, 0.375, 0.02);
  // A full queue of 100 kB is 8 ms.
  EXPECT_NEAR(frames_of(outcome, 0).one_way->p99_us, 13'000, 300);
}

TEST_F(SimulateFlows, CountsEachLostAndEachCopiedFrame) {
  const RunOutcome outcome =
      run(scenario("  duration: 2 s\n  flows: [{ from: h0, to: h2, kind: poisson, rate: 20 Mbit/s }]\n",
                   "loss: 2 %, duplicate: 1 %"));
  const results::WorkloadFlow::Frames& frames = frames_of(outcome);
  const core::LinkCounters& forward = outcome.record.directions[topology::kForward].counters;
  EXPECT_EQ(frames.sent.frames, forward.in.frames);
  EXPECT_EQ(frames.received.frames + frames.copies, forward.out.frames);
  EXPECT_NEAR(static_cast<double>(frames.lost().frames) / static_cast<double>(frames.sent.frames), 0.02,
              0.008);
  EXPECT_GT(frames.copies, 0U);
}

TEST_F(SimulateFlows, ATransferTakesALittleLongerThanAlone) {
  const RunOutcome outcome =
      run(scenario("  flows: [{ from: h0, to: h2, kind: tcp, bytes: 20 MB, start: 1.5 s }]\n"));
  EXPECT_EQ(outcome.record.judgement.verdict, results::Verdict::kValid);
  const results::WorkloadFlow::Transfer& transfer = transfer_of(outcome);
  EXPECT_EQ(transfer.received, 20'000'000U);
  // Set-up and the way there, three times 5 ms, and 20 MB at 100 Mbit/s x 1448 / 1514.
  EXPECT_NEAR(transfer.alone_us, 15'000 + 1'672'928, 100);
  ASSERT_TRUE(transfer.slowdown());
  EXPECT_GT(*transfer.slowdown(), 1);
  EXPECT_LT(*transfer.slowdown(), 1.2);
}

TEST_F(SimulateFlows, TheEndOfTheDurationCutsATransfer) {
  const RunOutcome outcome =
      run(scenario("  duration: 300 ms\n  flows: [{ from: h0, to: h2, kind: tcp, bytes: 100 MB }]\n"));
  EXPECT_EQ(outcome.record.judgement.verdict, results::Verdict::kValid);
  EXPECT_THAT(outcome.record.judgement.reasons, Contains(HasSubstr("1 of 1 flows were not over")));
  EXPECT_FALSE(transfer_of(outcome).completion_us);
  EXPECT_GT(transfer_of(outcome).received, 0U);
  EXPECT_LT(transfer_of(outcome).received, 100'000'000U);
}

TEST_F(SimulateFlows, ADarkWayFailsATransfer) {
  const RunOutcome outcome =
      run(scenario("  flows: [{ from: h0, to: h2, kind: tcp, bytes: 1 MB }]\n", "loss: 1"));
  EXPECT_EQ(outcome.record.judgement.verdict, results::Verdict::kInvalid);
  EXPECT_THAT(outcome.record.judgement.reasons, Contains(HasSubstr("the workload failed")));
}

TEST_F(SimulateFlows, OfAFlowFileEveryFlowComesToItsHost) {
  const Library library;
  const Scenario file = load(test::in_project("tests/scenarios/good/flows.yaml").string(), library);
  const RunOutcome outcome = run(file);
  EXPECT_EQ(outcome.record.judgement.verdict, results::Verdict::kValid)
      << outcome.record.judgement.reasons.front();
  const std::vector<results::WorkloadFlow>& flows = outcome.record.workload_flows;
  ASSERT_EQ(flows.size(), 8U);
  EXPECT_EQ(flows[5].from, "h0");
  EXPECT_EQ(flows[5].to, "h2");
  EXPECT_EQ(transfer_of(outcome, 5).received, 20'000U);
  EXPECT_EQ(transfer_of(outcome, 6).received, 1'000'000U);
  EXPECT_EQ(flows[7].start_s, 0.25);
  // One byte: set-up, then one frame.
  EXPECT_NEAR(*transfer_of(outcome, 7).completion_us, 15'000, 20);
}

// 40 of 100 Mbit/s are the others': TCP gets what they leave, and they lose what TCP's bursts take from them.
TEST_F(SimulateFlows, BackgroundLeavesATransferTheRestOfTheLink) {
  const std::string others =
      "background: [{ name: others, from: a, to: b, kind: constant, rate: 40 Mbit/s, packet: 500 B }]\n";
  Scenario with = scenario("  flows: [{ from: h0, to: h2, kind: tcp, bytes: 20 MB }]\n" + others);
  const RunOutcome outcome = run(with);
  EXPECT_EQ(outcome.record.judgement.verdict, results::Verdict::kValid)
      << outcome.record.judgement.reasons.front();
  ASSERT_TRUE(transfer_of(outcome).completion_us);
  const double goodput = 20e6 * 8 / (*transfer_of(outcome).completion_us / 1e6);
  EXPECT_NEAR(goodput / (60e6 * 1'448 / 1'514), 1, 0.1);
  const results::WorkloadFlow& background = outcome.record.workload_flows.at(1);
  EXPECT_EQ(background.background, "others");
  EXPECT_EQ(background.from, "a");
  const core::LinkCounters& forward = outcome.record.directions[topology::kForward].counters;
  EXPECT_LE(background.frames->lost().frames, forward.dropped_in_all().frames);
  EXPECT_NEAR(static_cast<double>(background.frames->received.bytes) * 8 /
                  (*transfer_of(outcome).completion_us / 1e6) / 40e6,
              1, 0.1);
}

TEST_F(SimulateFlows, BackgroundThatSendsNoFramesIsRefused) {
  const Scenario bulk = scenario(
      "  flows: [{ from: h0, to: h2, kind: tcp, bytes: 1 MB }]\n"
      "background: [{ name: others, from: a, to: b, kind: bulk, flows: 4 }]\n");
  try {
    run(bulk);
    FAIL() << "it ran";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("cannot simulate background others: bulk"));
  }
  EXPECT_FALSE(exists("run"));
}

TEST_F(SimulateFlows, GiveTheSameBytesForTheSameSeedOnly) {
  const auto flows = [](std::uint64_t seed) {
    return scenario(R"(  duration: 500 ms
  flows:
    - { from: h0, to: h2, kind: poisson, rate: 30 Mbit/s }
    - { from: h1, to: h3, kind: on-off, rate: 60 Mbit/s, on_time: 10 ms, off_time: 10 ms }
    - { from: h2, to: h0, kind: tcp, bytes: 1 MB }
)",
                    "loss: 1e-3", seed);
  };
  run(flows(3), "one"), run(flows(3), "two"), run(flows(4), "three");
  EXPECT_THAT(files("one"), Contains(::testing::Key("workload_flows.json")));
  EXPECT_EQ(files("one").count("collectives.json"), 0U);
  EXPECT_EQ(files("one"), files("two"));
  EXPECT_NE(files("one").at("workload_flows.json"), files("three").at("workload_flows.json"));
}

}  // namespace
}  // namespace longhaul::scenario
