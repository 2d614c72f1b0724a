// SPDX-License-Identifier: GPL-2.0-only
//
// Values that several sections of a link share: amounts that may be written as a size, as a time at the
// link's rate or in bandwidth-delay products, times and numbers within bounds, truth values, sets of classes.
// Every failure is a ConfigError. What the sections mean is in load_queues.h, load_far_end.h and
// load_timeline.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "emulator/core/units.h"
#include "topologies/yaml_reader.h"

namespace longhaul::topology {

// What amounts on one direction of a link are measured by.
struct Scale {
  BitRate rate;
  Duration round_trip;
  Bytes largest_frame;  // L2
};

// A size, a time at the rate, or bdp; up to limits::kLargestBuffer.
Bytes read_amount(const YamlValue& value, const Scale& scale);

// The same, but at least one largest frame.
Bytes read_room(const YamlValue& value, const Scale& scale);

// Fails for `value` unless `room` holds one largest frame.
void check_room(const YamlValue& value, Bytes room, const Scale& scale);

// A time within the bounds.
Duration read_time(const YamlValue& value, Duration least, Duration most);

// A plain number within the bounds.
double read_number(const YamlValue& value, double least, double most);

double read_probability(const YamlValue& value);

// Whether it says `auto` in place of a value.
bool is_auto(const YamlValue& value);

// true or false.
bool read_flag(const YamlValue& value);

// `20 frames`, within the bounds.
std::uint64_t read_frames(const YamlValue& value, std::uint64_t least, std::uint64_t most);

// One class number or a list of them, each below `classes`, as bits.
std::uint8_t read_class_set(const YamlValue& value, std::size_t classes);

}  // namespace longhaul::topology
