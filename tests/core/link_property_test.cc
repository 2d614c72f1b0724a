// SPDX-License-Identifier: GPL-2.0-only
//
// core::Link held against the slow and obvious model, over random links and random histories.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/core/link_driver.h"

namespace longhaul::core {
namespace {

using testing::Driven;
using testing::Feature;
using testing::Features;
using testing::History;
using testing::kLargestFrame;
using testing::Recorder;
using testing::ReferenceModel;

// Runs link and model side by side and stops at the first thing that differs.
void expect_agreement(const History& history, std::mt19937_64& random) {
  const Driven first = testing::drive(history, {32, 1}, random);
  first.recorder.expect_sound();

  ReferenceModel model(history.config, kLargestFrame,
                       testing::given_by(first.decisions, history.config.line));
  Link link(history.config, kLargestFrame, testing::kOwner, history.seed);
  Recorder recorder;
  auto same = [&](const std::string& when) {
    const std::string differs = testing::difference(link.counters(), model.counters());
    EXPECT_EQ(differs, "") << when;
    return differs.empty();
  };
  for (testing::Feeder feeder(history); !feeder.finished();) {
    if (const testing::NeighbourPause* pause = feeder.pause()) {
      model.pause_far_end(pause->classes, pause->quanta, pause->at.ps());
    } else {
      model.arrive(feeder.frame());
    }
    const std::uint64_t frame = feeder.frame().cookie;
    feeder.feed(link, 1, recorder);
    if (!same("with frame " + std::to_string(frame) + " at " + std::to_string(recorder.now.ps()))) return;
    if (random() % 8 == 0 || feeder.finished()) continue;
    recorder.now = recorder.now + (feeder.at() - recorder.now) / static_cast<std::int64_t>(1 + random() % 9);
    link.advance(recorder.now, recorder);
    model.run_until(recorder.now.ps());
    if (!same("at " + std::to_string(recorder.now.ps()))) return;
  }
  ASSERT_TRUE(testing::drain(link, recorder));
  model.run_until(recorder.now.ps());
  if (!same("at the end")) return;

  recorder.expect_sound();
  EXPECT_EQ(recorder.outcomes(), first.recorder.outcomes()) << "a replay went otherwise";
  EXPECT_EQ(recorder.deliveries(), first.recorder.deliveries()) << "a replay went otherwise";
  std::vector<std::pair<std::uint64_t, std::int64_t>> deliveries;
  ASSERT_EQ(model.ends().size(), recorder.outcomes().size());
  for (const ReferenceModel::End& end : model.ends()) {
    const testing::Outcome& outcome = recorder.outcomes().at(end.cookie);
    ASSERT_EQ(outcome.cause, end.cause) << "frame " << end.cookie;
    ASSERT_EQ(outcome.marked, end.marked) << "frame " << end.cookie;
    if (end.cause) continue;
    ASSERT_EQ(outcome.due, end.at) << "frame " << end.cookie;
    deliveries.emplace_back(end.cookie, end.at);
  }
  EXPECT_EQ(recorder.deliveries(), deliveries) << "the order of leaving";
}

void expect_agreement_of(Features features, int rounds, std::size_t frames, std::uint64_t salt) {
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t seed = testing::test_seed() + salt * 1'000'003 + static_cast<std::uint64_t>(round);
    std::mt19937_64 random(seed);
    const auto number = static_cast<std::uint64_t>(round);
    Features chosen = salt == 0 ? features.some(random, 1 + number % 5) : features;
    if (number % 2 == 1) chosen = chosen.with(Feature::kCoarse);
    const History history = testing::random_history(random, frames, chosen);
    SCOPED_TRACE("round " + std::to_string(round) + " (" + chosen.names() + ")");
    expect_agreement(history, random);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(LinkModel, AgreesWithoutAnyFeature) {
  expect_agreement_of(Features{}, 30, 500, 1);
}

// One feature at a time, with what it needs to do anything.
class LinkModelOf : public ::testing::TestWithParam<Feature> {};

TEST_P(LinkModelOf, Agrees) {
  const Feature feature = GetParam();
  Features features = Features{}.with(feature);
  if (feature == Feature::kMembers) features = features.with(Feature::kWaves);
  if (feature == Feature::kPool || feature == Feature::kTiers) features = features.with(Feature::kClasses);
  if (feature == Feature::kPfc || feature == Feature::kStorm || feature == Feature::kWatchdog ||
      feature == Feature::kNeighbour)
    features = features.with(Feature::kFarEnd).with(Feature::kPfc);
  if (feature == Feature::kWatchdog) features = features.with(Feature::kStorm);
  expect_agreement_of(features, 12, 500, 2 + static_cast<std::uint64_t>(feature));
}

std::vector<Feature> modelled() {
  std::vector<Feature> features;
  for (std::uint32_t each = 0; each < testing::kFeatures; ++each)
    if (Features::modelled().has(static_cast<Feature>(each))) features.push_back(static_cast<Feature>(each));
  return features;
}

INSTANTIATE_TEST_SUITE_P(Each, LinkModelOf, ::testing::ValuesIn(modelled()),
                         [](const auto& parameter) { return Features{}.with(parameter.param).names(); });

TEST(LinkModel, AgreesWithFeaturesTogether) {
  expect_agreement_of(Features::modelled(), 500, 400, 0);
}

}  // namespace
}  // namespace longhaul::core
