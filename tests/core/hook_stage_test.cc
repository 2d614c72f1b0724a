// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/core/hook_stage.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace longhaul::core {
namespace {

Instant at_us(std::int64_t us) {
  return Instant::at(Duration::microseconds(us));
}

// Notes what happens to frames; the answer to each is what the test says.
struct Recorder {
  struct Out {
    std::uint64_t cookie;
    Instant at;
    bool operator==(const Out&) const = default;
  };
  std::function<HookAnswer(std::uint64_t)> answer = [](std::uint64_t) { return HookAnswer{}; };
  std::vector<Out> passed;
  std::vector<std::string> deeds;
  std::uint64_t next_copy = 1'000;
  bool can_copy = true, is_capable = true;

  HookAnswer judge(std::uint64_t cookie, std::uint32_t, Instant) { return answer(cookie); }
  void pass(std::uint64_t cookie, std::uint32_t, Instant at) { passed.push_back({cookie, at}); }
  void drop(std::uint64_t cookie, std::uint32_t, std::uint8_t cause, Instant) { note("drop", cookie, cause); }
  std::optional<std::uint64_t> duplicate(std::uint64_t cookie, std::uint32_t) {
    note("duplicate", cookie, 0);
    return can_copy ? std::optional(next_copy++) : std::nullopt;
  }
  bool mark(std::uint64_t cookie) {
    note("mark", cookie, 0);
    return is_capable;
  }
  bool set_ecn(std::uint64_t cookie, Ecn ecn) {
    note("ecn", cookie, static_cast<std::uint64_t>(ecn));
    return true;
  }
  void corrupt(std::uint64_t cookie, std::uint64_t bit) { note("corrupt", cookie, bit); }
  void set_class(std::uint64_t cookie, std::uint8_t c) { note("class", cookie, c); }
  void capture(std::uint64_t cookie, Instant) { note("capture", cookie, 0); }
  void note(const std::string& deed, std::uint64_t cookie, std::uint64_t number) {
    deeds.push_back(deed + ' ' + std::to_string(cookie) + ' ' + std::to_string(number));
  }
};
static_assert(HookSink<Recorder>);

TEST(HookStage, PassesAtOnceWhatNothingIsAskedOf) {
  HookStage stage(0, {});
  Recorder sink;
  stage.meet(7, 100, at_us(3), sink);
  EXPECT_EQ(sink.passed, (std::vector<Recorder::Out>{{7, at_us(3)}}));
  EXPECT_TRUE(sink.deeds.empty());
  EXPECT_EQ(stage.next_event(), Instant::never());
  EXPECT_EQ(stage.counters().passed, (Tally{1, 100}));
}

TEST(HookStage, DropsByTheProgramsOwnCauses) {
  HookStage stage(0, {});
  Recorder sink;
  sink.answer = [](std::uint64_t cookie) {
    return HookAnswer{
        .drop = true, .cause = static_cast<std::uint8_t>(cookie), .mark = true, .duplicate = true};
  };
  for (const std::uint64_t cookie : {0, 3, 15, 19}) stage.meet(cookie, 60, at_us(1), sink);
  EXPECT_EQ(sink.deeds, (std::vector<std::string>{"drop 0 0", "drop 3 3", "drop 15 15", "drop 19 3"}));
  EXPECT_TRUE(sink.passed.empty());
  EXPECT_EQ(stage.counters().dropped[3], (Tally{2, 120}));
  EXPECT_TRUE(stage.counters().conserved());
}

TEST(HookStage, DoesEverythingThatAnAnswerAsksFor) {
  HookStage stage(4, Duration::microseconds(10));
  Recorder sink;
  sink.answer = [](std::uint64_t) {
    return HookAnswer{.mark = true,
                      .duplicate = true,
                      .capture = true,
                      .corrupt_bit = 801,
                      .traffic_class = 5,
                      .delay = Duration::microseconds(2)};
  };
  stage.meet(7, 100, at_us(3), sink);
  EXPECT_EQ(sink.deeds, (std::vector<std::string>{"mark 7 0", "corrupt 7 1", "class 7 5", "capture 7 0",
                                                  "duplicate 7 0"}));
  EXPECT_TRUE(sink.passed.empty());
  EXPECT_EQ(stage.next_event(), at_us(5));
  EXPECT_EQ(stage.counters().held, (Tally{2, 200}));
  stage.advance(at_us(5), sink);
  EXPECT_EQ(sink.passed, (std::vector<Recorder::Out>{{7, at_us(5)}, {1'000, at_us(5)}}));
  EXPECT_TRUE(stage.counters().conserved());
}

TEST(HookStage, CountsNoCopyThatTheDriverHadNoRoomFor) {
  HookStage stage(0, {});
  Recorder sink;
  sink.can_copy = false;
  sink.answer = [](std::uint64_t) { return HookAnswer{.duplicate = true}; };
  stage.meet(7, 100, at_us(3), sink);
  EXPECT_EQ(sink.passed.size(), 1u);
  EXPECT_EQ(stage.counters().duplicated, Tally{});
  EXPECT_TRUE(stage.counters().conserved());
}

TEST(HookStage, HeldFramesGoBeforeOneThatComesAtTheSameInstant) {
  HookStage stage(4, Duration::microseconds(10));
  Recorder sink;
  sink.answer = [](std::uint64_t cookie) {
    return HookAnswer{.delay = Duration::microseconds(cookie == 1 ? 4 : 0)};
  };
  stage.meet(1, 60, at_us(0), sink);
  stage.meet(2, 60, at_us(3), sink);
  stage.meet(3, 60, at_us(4), sink);
  EXPECT_EQ(sink.passed, (std::vector<Recorder::Out>{{2, at_us(3)}, {1, at_us(4)}, {3, at_us(4)}}));
}

TEST(HookStage, CutsWhatIsTooLongAndSaysWhatItCouldNotHold) {
  HookStage stage(1, Duration::microseconds(10));
  Recorder sink;
  sink.answer = [](std::uint64_t) { return HookAnswer{.delay = Duration::microseconds(50)}; };
  stage.meet(1, 60, at_us(0), sink);
  EXPECT_EQ(stage.next_event(), at_us(10));
  stage.meet(2, 60, at_us(1), sink);
  EXPECT_EQ(sink.passed, (std::vector<Recorder::Out>{{2, at_us(1)}})) << "rather early than lost";
  EXPECT_EQ(stage.counters().delays_cut, 2u);
  EXPECT_EQ(stage.counters().not_held, 1u);
  EXPECT_TRUE(stage.counters().conserved());
}

// However time is cut into steps, the same frames leave at the same times in the same order, and all of them.
TEST(HookStage, ItsStepsDoNotShow) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::vector<Recorder::Out> outs[2];
    for (int stepwise = 0; stepwise < 2; ++stepwise) {
      std::mt19937 random(seed), steps(seed + 1'000);
      HookStage stage(64, Duration::microseconds(20));
      Recorder sink;
      std::map<std::uint64_t, HookAnswer> answers;
      sink.answer = [&](std::uint64_t cookie) { return answers[cookie]; };
      std::int64_t now = 0;
      for (std::uint64_t i = 0; i < 300; ++i) {
        const std::uint32_t kind = random() % 8;
        answers[i] = {.drop = kind == 0,
                      .duplicate = kind == 1,
                      .delay = Duration::microseconds(kind < 5 ? random() % 15 : 0)};
        const std::int64_t next = now + random() % 3;
        for (; stepwise != 0 && now < next; ++now) {
          if (steps() % 2 == 0) stage.advance(at_us(now), sink);
        }
        now = next;
        stage.meet(i, 60, at_us(now), sink);
        ASSERT_TRUE(stage.counters().conserved());
      }
      stage.advance(at_us(now + 100), sink);
      EXPECT_EQ(stage.counters().held, Tally{});
      EXPECT_EQ(stage.counters().not_held, 0u);
      outs[stepwise] = sink.passed;
    }
    ASSERT_EQ(outs[0], outs[1]) << "seed " << seed;
  }
}

}  // namespace
}  // namespace longhaul::core
