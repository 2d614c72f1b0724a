// SPDX-License-Identifier: GPL-2.0-only
//
// The key hooks of a link and of its directions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/topologies/one_link.h"

namespace longhaul::topology {
namespace {

using test::error_with;
using test::link_with;
using testing::HasSubstr;
using Place = Hook::Place;

std::string here(const std::string& name) {
  return (std::filesystem::current_path() / name).string();
}

TEST(Hooks, ALinkHasNoneUnlessItSays) {
  const Link link = link_with({});
  EXPECT_TRUE(link.hooks[kForward].empty() && link.hooks[kReverse].empty());
}

TEST(Hooks, AProgramIsAFileOrTheNameOfOneThatIsShipped) {
  const Link link = link_with({"hooks: [mine.bpf.o]", "reverse: { hooks: [drop_nth] }"});
  EXPECT_EQ(link.hooks[kForward], (std::vector<Hook>{{.program = here("mine.bpf.o"), .parameters = {}}}));
  EXPECT_EQ(link.hooks[kReverse], (std::vector<Hook>{{.program = "drop_nth", .parameters = {}}}));
}

TEST(Hooks, HaveAPlaceParametersAndALongestDelay) {
  const Link link =
      link_with({"hooks:", "- { program: ../a/./h.bpf.c, at: ingress, parameters: { n: 10, mask: 0xff } }",
                 "- { program: burst, at: egress, longest_delay: 2 ms }"});
  const std::vector<Hook> expected{{std::filesystem::path(here("../a/h.bpf.c")).lexically_normal().string(),
                                    Place::kIngress,
                                    {{"n", "10"}, {"mask", "0xff"}},
                                    Duration::milliseconds(10)},
                                   {"burst", Place::kEgress, {}, Duration::milliseconds(2)}};
  EXPECT_EQ(link.hooks[kForward], expected);
  EXPECT_EQ(link.hooks[kReverse], expected);
}

TEST(Hooks, ADirectionsListReplacesTheLinks) {
  const Link link = link_with({"hooks: [drop_nth]", "forward: { hooks: [] }"});
  EXPECT_TRUE(link.hooks[kForward].empty());
  EXPECT_EQ(link.hooks[kReverse].size(), 1u);
}

TEST(Hooks, WrongOnesAreRefused) {
  EXPECT_THAT(error_with({"hooks: [Drop]"}),
              HasSubstr("'Drop' is not a program, allowed: a file NAME.bpf.o or NAME.bpf.c"));
  EXPECT_THAT(error_with({"hooks: [{ at: ingress }]"}), HasSubstr("missing, allowed: a file NAME.bpf.o"));
  EXPECT_THAT(error_with({"hooks: [{ program: a, at: middle }]"}), HasSubstr("ingress, egress"));
  EXPECT_THAT(error_with({"hooks: [a, b, c]"}), HasSubstr("3 hooks are too many"));
  EXPECT_THAT(error_with({"hooks: [a, { program: b, at: egress }]"}), HasSubstr("may be at the same place"));
  EXPECT_THAT(error_with({"hooks: [{ program: a, at: egress }, { program: b, at: egress }]"}),
              HasSubstr("may be at the same place"));
  EXPECT_THAT(error_with({"hooks: [{ program: a, longest_delay: 11 s }]"}), HasSubstr("10 s"));
  EXPECT_THAT(error_with({"hooks: [{ program: a, colour: red }]"}), HasSubstr("colour"));
}

}  // namespace
}  // namespace longhaul::topology
