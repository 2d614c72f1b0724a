// SPDX-License-Identifier: GPL-2.0-only
#include "tests/core/link_driver.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sstream>
#include <tuple>

namespace longhaul::testing {

using core::Decision;
using core::DropCause;
using core::Fate;
using core::LinkCounters;
using core::Tally;

std::uint64_t test_seed() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("LONGHAUL_TEST_SEED");
    const std::uint64_t value = given != nullptr ? std::strtoull(given, nullptr, 10) : 20'261'121;
    std::cout << "LONGHAUL_TEST_SEED=" << value << "\n";
    return value;
  }();
  return seed;
}

Driven drive(const History& history, Pace pace, std::mt19937_64& random) {
  core::DecisionLog log(history.frames.size() * 6 + 16);
  core::Link link(history.config, kLargestFrame, kOwner, history.seed);
  link.log_decisions(&log);
  Driven run;
  Recorder& recorder = run.recorder;
  for (Feeder feeder(history); !feeder.finished();) {
    for (int i = 0; i < pace.steps; ++i) {
      const auto span = static_cast<std::uint64_t>((feeder.at() - recorder.now).ps()) + 1;
      recorder.now = recorder.now + Duration::picoseconds(static_cast<std::int64_t>(random() % span));
      link.advance(recorder.now, recorder);
      EXPECT_TRUE(link.counters().conserved());
    }
    feeder.feed(link, 1 + random() % pace.burst, recorder);
    EXPECT_TRUE(link.counters().conserved());
  }
  EXPECT_TRUE(drain(link, recorder)) << "the link does not drain";
  EXPECT_EQ(link.counters().held, Tally{});
  EXPECT_EQ(link.counters().queue_bytes, 0u);
  EXPECT_TRUE(link.counters().conserved());
  EXPECT_EQ(log.lost(), 0u);
  run.counters = link.counters();
  for (Decision decision; log.read(decision);) run.decisions.push_back(decision);
  return run;
}

Given given_by(const std::vector<Decision>& decisions, const core::LineConfig& line) {
  auto fates = std::make_shared<std::map<std::tuple<Chance, unsigned, std::uint64_t>, Fate>>();
  for (const Decision& decision : decisions) {
    auto met = [&](Chance chance) {
      fates->emplace(std::tuple(chance, decision.wave, decision.position), decision.fate);
    };
    if (decision.fate == Fate::kDuplicated) met(Chance::kDuplicate);
    if (decision.fate == Fate::kCorrupted && line.bit_errors.deliver) met(Chance::kBitError);
    if (decision.fate == Fate::kCorrupted && line.corrupt.deliver) met(Chance::kCorrupt);
    if (decision.fate == Fate::kMarked) {
      const auto cause = static_cast<core::MarkCause>(decision.cause);
      if (cause == core::MarkCause::kRed) met(Chance::kRed);
      if (cause == core::MarkCause::kPie) met(Chance::kPie);
    }
    if (decision.fate != Fate::kDropped) continue;
    const auto cause = static_cast<DropCause>(decision.cause);
    if (cause == DropCause::kLineLoss) met(Chance::kLoss);
    if (cause == DropCause::kBitError) met(Chance::kBitError);
    if (cause == DropCause::kBadFcs) met(Chance::kCorrupt);
    if (cause == DropCause::kRed) met(Chance::kRed);
    if (cause == DropCause::kPie) met(Chance::kPie);
  }
  return [fates](Chance chance, unsigned wave, std::uint64_t position) -> std::optional<Fate> {
    const auto found = fates->find({chance, wave, position});
    return found == fates->end() ? std::nullopt : std::optional(found->second);
  };
}

std::string difference(const LinkCounters& link, const LinkCounters& model) {
  std::ostringstream words;
  auto number = [&](const std::string& what, auto a, auto b) {
    if (a != b) words << " " << what << ": link " << a << ", model " << b << ";";
  };
  auto tally = [&](const std::string& what, Tally a, Tally b) {
    number(what + " frames", a.frames, b.frames);
    number(what + " bytes", a.bytes, b.bytes);
  };
  tally("in", link.in, model.in);
  tally("out", link.out, model.out);
  tally("duplicated", link.duplicated, model.duplicated);
  tally("corrupted", link.corrupted, model.corrupted);
  tally("held", link.held, model.held);
  for (std::size_t i = 0; i < core::kDropCauses; ++i)
    tally(std::string(name(static_cast<DropCause>(i))), link.dropped[i], model.dropped[i]);
  for (std::size_t i = 0; i < core::kMarkCauses; ++i)
    tally("marked " + std::string(name(static_cast<core::MarkCause>(i))), link.marked[i], model.marked[i]);
  number("reordered", link.reordered, model.reordered);
  number("queue_bytes", link.queue_bytes, model.queue_bytes);
  number("queue_peak_bytes", link.queue_peak_bytes, model.queue_peak_bytes);
  number("xoff_sent", link.pause.xoff_sent, model.pause.xoff_sent);
  number("xon_sent", link.pause.xon_sent, model.pause.xon_sent);
  number("pauses lost", link.pause.lost, model.pause.lost);
  number("storms", link.pause.storms, model.pause.storms);
  number("far_peak_bytes", link.pause.far_peak_bytes, model.pause.far_peak_bytes);
  for (std::size_t i = 0; i < core::kMostClasses; ++i) {
    const core::ClassCounters &a = link.classes[i], &b = model.classes[i];
    const std::string cls = "class " + std::to_string(i) + " ";
    tally(cls + "in", a.in, b.in);
    tally(cls + "dropped", a.dropped, b.dropped);
    number(cls + "marked", a.marked, b.marked);
    number(cls + "queue_bytes", a.queue_bytes, b.queue_bytes);
    number(cls + "paused", a.paused.ps(), b.paused.ps());
  }
  return words.str();
}

}  // namespace longhaul::testing
