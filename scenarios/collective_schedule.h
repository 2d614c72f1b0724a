// SPDX-License-Identifier: GPL-2.0-only
//
// Which schedule (scenarios/collectives/) the ranks of a scenario follow in simulate mode: Gloo's where the
// emulated ones do so, the textbook's for the others. Broadcasts go in up to 256 pieces, of 128 KiB at least
// where there are several, so that a chain of long ways is full. Pure.
#pragma once

#include "scenarios/collectives/schedule.h"
#include "scenarios/model.h"

namespace longhaul::scenario {

collectives::Schedule schedule_of(const Scenario& scenario, Bytes size);

}  // namespace longhaul::scenario
