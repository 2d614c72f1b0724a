// SPDX-License-Identifier: GPL-2.0-only
//
// What follows from the configuration of one direction of a link, by closed forms: for `longhaul check` to
// print and to warn by. Nothing here simulates. Depths and limits are L2 bytes, of frames of one size.
// Pure, any thread. Loss laws: Gilbert (1960), Elliott (1963), Salsano et al. (netem's state model).
#pragma once

#include <cstddef>
#include <vector>

#include "emulator/core/link_config.h"
#include "emulator/core/units.h"

namespace longhaul::scenario {

struct LossFigures {
  double mean = 0;        // of all frames, in the long run
  double mean_burst = 0;  // frames lost in a row; 0 when none is lost, infinite when all are
};

// In the stationary state that the model reaches from its start.
LossFigures loss_figures(const core::LossModel& model);

// Probability that a frame of so many L2 bytes has a bit error in them or its FCS.
double bit_error_probability(double bit_error_rate, Bytes l2);

struct JitterRange {
  Duration least, most;  // on top of the constant delay
};
JitterRange jitter_range(const core::Jitter& jitter);

// How long `depth` bytes of `frame`-sized frames, each as the framing counts it, keep the line busy; and
// which part of the bandwidth-delay product they are (0 when that is zero).
struct Depth {
  Duration queueing;
  double of_bdp = 0;
};
Depth depth_figures(const core::LinkConfig& link, Bytes depth, Bytes frame, Duration round_trip);

// What a class may hold at most: the least of its limits and the buffer.
Bytes class_room(const core::LinkConfig& link, const core::ClassConfig& config, Bytes frame);

// The longest propagation delay that the direction is configured with or its timeline gives it.
Duration longest_delay(const core::LinkConfig& link);

// Priority flow control on this direction, the same for all its classes.
struct PauseFigures {
  Bytes needed;         // headroom by the distance, at the longest delay
  Duration pause_time;  // of one pause frame
  Duration refresh;     // how often it is sent again
};
PauseFigures pause_figures(const core::LinkConfig& link, Bytes largest_frame);

// One change of a timeline that is written out.
struct Happening {
  Duration at;
  core::Origin origin = core::Origin::kStart;
  const core::Change* change = nullptr;  // the timeline's own
};

// The first `most` changes that the events of a timeline make, repetitions written out: those after the start
// in order of time, then those after the first frame.
std::vector<Happening> first_happenings(const core::Timeline& timeline, std::size_t most);

}  // namespace longhaul::scenario
