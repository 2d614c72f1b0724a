// SPDX-License-Identifier: GPL-2.0-only
//
// The ready-made hooks on simulated links: what they did to the hosts' TCP, by their own counters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/scenarios/simulate/simulate_fixture.h"

namespace longhaul::scenario {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SimulatedHooks : public Simulate {
 protected:
  RunOutcome run_hooked(const Scenario& scenario, const std::string& name = "run") {
    RunOptions options;
    options.hooks = LONGHAUL_SHIPPED_HOOKS;
    return run(scenario, name, options);
  }
};

std::vector<std::uint64_t> dropped_of(const results::HookResult& hook) {
  std::vector<std::uint64_t> frames;
  for (const core::Tally& cause : hook.counters.dropped) frames.push_back(cause.frames);
  return frames;
}

TEST_F(SimulatedHooks, ALostSegmentIsSentAgainOnce) {
  const Scenario scenario =
      from_library("drop-segment",
                   {{"workload.sizes", "[1 MiB]"},
                    {"workload.iterations", "4"},
                    {"topology.links.wan.forward.hooks",
                     "[{ program: drop_segment, at: ingress, parameters: { nth: 300, retransmits: 1 } }]"}});
  const RunOutcome outcome = run_hooked(scenario);
  EXPECT_EQ(outcome.record.judgement.verdict, results::Verdict::kValid);
  const results::DirectionResult& forward = outcome.record.directions[topology::kForward];
  ASSERT_THAT(forward.hooks, SizeIs(1));
  const results::HookResult& hook = forward.hooks[0];
  EXPECT_EQ(hook.place, "ingress");
  EXPECT_EQ(hook.program, "drop_segment");
  enum { kFirst, kRetransmit };
  EXPECT_EQ(dropped_of(hook)[kFirst], 1U);
  EXPECT_EQ(dropped_of(hook)[kRetransmit], 1U);
  EXPECT_TRUE(hook.counters.conserved());
  EXPECT_EQ(hook.counters.passed.frames, forward.counters.in.frames);
  enum { kSegments, kCameAgain };
  EXPECT_GE(hook.counted[kSegments], 300U);
  EXPECT_GE(hook.counted[kCameAgain], 2U);
  EXPECT_THAT(outcome.record.directions[topology::kReverse].hooks, IsEmpty());
}

TEST_F(SimulatedHooks, ALostSegmentCostsTime) {
  const auto first_light_with = [](const std::string& hooks) {
    return first_light({{"workload.sizes", "[1 MiB]"},
                        {"workload.warmup", "0"},
                        {"workload.iterations", "4"},
                        {"topology.links.wan.forward.hooks", hooks}});
  };
  const auto total = [&](const std::string& hooks, const std::string& name) {
    return run_hooked(first_light_with(hooks), name).record.collectives.at(0).time_us;
  };
  const double passed = total("[pass]", "passed");
  EXPECT_EQ(total("[]", "none"), passed);
  EXPECT_GT(
      total("[{ program: drop_segment, at: ingress, parameters: { nth: 300, retransmits: 1 } }]", "lost"),
      1.2 * passed);
}

// The region is VLAN 30, in which eu0 and spy0 are.
TEST_F(SimulatedHooks, AFenceKnowsTheHostsByTheirVlan) {
  Scenario scenario = from_library("geo-fence", {});
  const auto host = [&](const std::string& name) {
    const std::vector<topology::Host>& hosts = scenario.topology.hosts;
    return static_cast<std::size_t>(
        std::find_if(hosts.begin(), hosts.end(), [&](const auto& h) { return h.name == name; }) -
        hosts.begin());
  };
  traffic::SourceConfig source;
  source.kind = traffic::Constant{BitRate::bits_per_second(10'000'000)};
  source.stop = Instant::at(Duration::milliseconds(100));
  Flow inside, abroad;
  inside.from = host("fra0"), inside.to = host("ash0"), inside.source = source;
  abroad.from = host("eu0"), abroad.to = host("spy0"), abroad.source = source;
  scenario.flows.list = {inside, abroad};
  scenario.workload.ranks = {inside.from, inside.to, abroad.from, abroad.to};
  const RunOutcome outcome = run_hooked(scenario);
  EXPECT_EQ(outcome.record.judgement.verdict, results::Verdict::kValid);
  const results::WorkloadFlow::Frames& free = *outcome.record.workload_flows.at(0).frames;
  const results::WorkloadFlow::Frames& fenced = *outcome.record.workload_flows.at(1).frames;
  EXPECT_GT(free.sent.frames, 0U);
  EXPECT_EQ(free.received, free.sent);
  EXPECT_GT(fenced.sent.frames, 0U);
  EXPECT_EQ(fenced.received.frames, 0U);
  const std::vector<results::HookResult>& hooks = outcome.record.directions[topology::kForward].hooks;
  ASSERT_THAT(hooks, SizeIs(2));
  EXPECT_EQ(hooks[0].counters.dropped_in_all(), fenced.sent);
  enum { kCame, kLeaked };
  EXPECT_EQ(hooks[1].place, "egress");
  EXPECT_EQ(hooks[1].counted[kCame], free.sent.frames);
  EXPECT_EQ(hooks[1].counted[kLeaked], 0U);
}

TEST_F(SimulatedHooks, TheSameSeedGivesTheSameBytes) {
  const Scenario scenario = from_library("drop-segment", {{"workload.sizes", "[256 KiB]"}});
  run_hooked(scenario, "one"), run_hooked(scenario, "two");
  EXPECT_EQ(files("one"), files("two"));
}

TEST_F(SimulatedHooks, AHookThatIsNotThereIsRefusedAndLeavesNothing) {
  try {
    run_hooked(first_light({{"topology.links.wan.forward.hooks", "[no_such_hook]"}}));
    FAIL() << "it ran";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("no_such_hook"), HasSubstr("drop_segment")));
  }
  EXPECT_FALSE(exists("run"));
}

}  // namespace
}  // namespace longhaul::scenario
