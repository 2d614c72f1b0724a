// SPDX-License-Identifier: GPL-2.0-only
//
// The fate of frames by a LossModel (line_config.h). Whatever the model, the hot path is one comparison: the
// index of the next frame that needs a decision is always known beforehand, and states of a Markov chain last
// a drawn number of frames. The victims depend on the seed and on how many frames came, on nothing else.
// Single owner, no allocation after construction.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "emulator/core/gap_sampler.h"
#include "emulator/core/line_config.h"
#include "emulator/core/random.h"

namespace longhaul::core {

class LossProcess {
 public:
  LossProcess(const LossModel& model, RandomStream stream);

  // The fate of the next frame: true when it is lost.
  bool loses_next() { return frame_++ == decision_ && decide(); }

  // From the next frame on: independent loss with this probability, in place of the model.
  void set_probability(double probability);

 private:
  // A chain of states, each with a loss probability and a way to leave it. Bernoulli is one state.
  struct State {
    double log_survival = 0;  // ln(1 - loss probability)
    double log_stay = 0;      // ln(1 - probability to leave after a frame)
    double to_first = 1;      // of those that leave, the share that goes to next[0]
    std::array<std::uint8_t, 2> next{};
  };
  void make(const loss::Bernoulli& model);
  void make(const loss::GilbertElliott& model);
  void make(const loss::FourState& model);
  void make(const loss::EveryNth& model);
  void make(const loss::Positions& model);
  bool decide();
  void enter(std::uint8_t state, std::uint64_t first_frame, std::uint64_t least_stay);
  std::uint64_t ahead(std::uint64_t from, double log_of_not);
  void choose_victim(std::uint64_t first_candidate);

  RandomStream stream_;
  std::uint64_t frame_ = 0;     // index of the next frame
  std::uint64_t decision_ = 0;  // index of the next frame that is a victim or the first in a new state
  std::uint64_t draws_ = 0;

  enum class Kind : std::uint8_t { kChain, kEveryNth, kPositions } kind_ = Kind::kChain;
  std::array<State, 4> states_{};
  std::uint8_t state_ = 0;
  std::uint64_t victim_ = 0, change_ = kNever;  // kChain
  std::uint64_t n_ = 1;                         // kEveryNth
  std::vector<std::uint64_t> positions_;        // kPositions
  std::uint64_t period_ = 0, period_start_ = 0;
  std::size_t next_position_ = 0;
};

}  // namespace longhaul::core
