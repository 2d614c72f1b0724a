// SPDX-License-Identifier: GPL-2.0-only
#include "tests/scenarios/collectives/symbolic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>

namespace longhaul::scenario::collectives::testing {
namespace {

class Execution {
 public:
  Execution(const Schedule& schedule, std::vector<Memory> memory, std::uint64_t seed)
      : steps_(schedule.steps),
        memory_(std::move(memory)),
        state_(steps_.size(), State::kWaiting),
        on_the_way_(steps_.size()),
        random_(seed) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::uint32_t>> edges;
    for (std::uint32_t s = 0; s < steps_.size(); ++s) edges[{steps_[s].from, steps_[s].to}].push_back(s);
    for (auto& [edge, list] : edges) edges_.push_back({std::move(list), 0, 0});
  }

  void run() {
    while (true) {
      std::vector<std::pair<std::size_t, bool>> possible;  // edge, whether it begins a step
      for (std::size_t e = 0; e < edges_.size(); ++e) {
        const Edge& edge = edges_[e];
        if (edge.arrived < edge.begun) possible.emplace_back(e, false);
        if (edge.begun < edge.steps.size() && may_begin(edge.steps[edge.begun]))
          possible.emplace_back(e, true);
      }
      if (possible.empty()) break;
      const auto [e, begins] = possible[random_() % possible.size()];
      begins ? begin(edges_[e].steps[edges_[e].begun++]) : arrive(edges_[e].steps[edges_[e].arrived++]);
    }
    const auto left = std::count_if(state_.begin(), state_.end(), [](State s) { return s != State::kOver; });
    EXPECT_EQ(left, 0) << "steps that never happened";
  }

  std::vector<Memory> take() { return std::move(memory_); }

 private:
  enum class State : std::uint8_t { kWaiting, kSent, kOver };
  struct Edge {
    std::vector<std::uint32_t> steps;
    std::size_t begun = 0, arrived = 0;
  };

  bool may_begin(std::uint32_t s) const {
    return std::all_of(steps_[s].after.begin(), steps_[s].after.end(), [&](std::uint32_t before) {
      return steps_[before].from == steps_[s].from ? state_[before] != State::kWaiting
                                                   : state_[before] == State::kOver;
    });
  }

  void begin(std::uint32_t s) {
    const Step& step = steps_[s];
    for (const std::uint32_t before : step.after) {
      EXPECT_LT(before, s);
      EXPECT_TRUE(steps_[before].from == step.from || steps_[before].to == step.from);
    }
    EXPECT_NE(step.from, step.to);
    EXPECT_EQ(step.size == 0, step.action == Action::kSignal);
    EXPECT_EQ((step.source | step.target | step.size) % kElement, 0U);
    const Memory& memory = memory_[step.from];
    for (std::uint64_t i = 0; i < step.size / kElement; ++i)
      on_the_way_[s].push_back(memory.at(step.source / kElement + i));
    state_[s] = State::kSent;
  }

  void arrive(std::uint32_t s) {
    const Step& step = steps_[s];
    for (std::uint64_t i = 0; i < on_the_way_[s].size(); ++i) {
      Element& here = memory_[step.to].at(step.target / kElement + i);
      if (step.action == Action::kReplace) here.clear();
      for (const auto& [origin, times] : on_the_way_[s][i]) here[origin] += times;
    }
    state_[s] = State::kOver;
  }

  const std::vector<Step>& steps_;
  std::vector<Memory> memory_;
  std::vector<State> state_;
  std::vector<Memory> on_the_way_;
  std::vector<Edge> edges_;
  std::mt19937_64 random_;
};

}  // namespace

std::vector<Memory> beginning(std::uint32_t ranks, std::uint64_t elements) {
  std::vector<Memory> memory(ranks, Memory(elements));
  for (std::uint32_t r = 0; r < ranks; ++r) {
    for (std::uint64_t i = 0; i < elements; ++i) memory[r][i] = {{{r, i}, 1}};
  }
  return memory;
}

Element sum_of(std::uint32_t ranks, std::uint64_t index) {
  Element sum;
  for (std::uint32_t r = 0; r < ranks; ++r) sum[{r, index}] = 1;
  return sum;
}

std::vector<Memory> run(const Schedule& schedule, std::vector<Memory> memory, std::uint64_t seed) {
  Execution execution(schedule, std::move(memory), seed);
  execution.run();
  return execution.take();
}

std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> bytes_by_edge(const Schedule& schedule) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> bytes;
  for (const Step& step : schedule.steps) {
    if (step.size > 0) bytes[{step.from, step.to}] += step.size;
  }
  return bytes;
}

std::uint64_t bytes_in_all(const Schedule& schedule) {
  std::uint64_t sum = 0;
  for (const Step& step : schedule.steps) sum += step.size;
  return sum;
}

std::uint64_t test_seed() {
  static const std::uint64_t kSeed = [] {
    const char* given = std::getenv("LONGHAUL_TEST_SEED");
    const std::uint64_t value = given != nullptr ? std::strtoull(given, nullptr, 10) : 20'261'121;
    std::cout << "LONGHAUL_TEST_SEED=" << value << "\n";
    return value;
  }();
  return kSeed;
}

}  // namespace longhaul::scenario::collectives::testing
