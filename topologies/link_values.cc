// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/link_values.h"

#include <fmt/format.h>

#include "topologies/bounds.h"
#include "topologies/quantity.h"

namespace longhaul::topology {

Bytes read_amount(const YamlValue& value, const Scale& scale) {
  const BufferSize written = value.read(parse_buffer, "a size (64 MiB), a time (5 ms) or bdp (1 bdp)");
  const Bytes amount = written.resolve(scale.rate, scale.round_trip);
  if (amount > limits::kLargestBuffer) {
    value.fail(
        fmt::format("{} is too large, allowed: up to {}", to_text(amount), to_text(limits::kLargestBuffer)));
  }
  return amount;
}

void check_room(const YamlValue& value, Bytes room, const Scale& scale) {
  if (room >= scale.largest_frame) return;
  value.fail(fmt::format("{} is less than the largest frame, allowed: {} or more", to_text(room),
                         to_text(scale.largest_frame)));
}

Bytes read_room(const YamlValue& value, const Scale& scale) {
  const Bytes room = read_amount(value, scale);
  check_room(value, room, scale);
  return room;
}

Duration read_time(const YamlValue& value, Duration least, Duration most) {
  const Duration time = value.read(parse_duration, "a time such as 50 ms");
  if (time < least || time > most) {
    value.fail(
        fmt::format("{} is out of range, allowed: {} to {}", to_text(time), to_text(least), to_text(most)));
  }
  return time;
}

double read_number(const YamlValue& value, double least, double most) {
  const double number = value.read(parse_number, "a number such as 1.5");
  if (number < least || number > most) {
    value.fail(
        fmt::format("{} is out of range, allowed: {} to {}", to_text(number), to_text(least), to_text(most)));
  }
  return number;
}

double read_probability(const YamlValue& value) {
  return value.read(parse_probability, "a probability such as 1e-5 or 0.01 %");
}

bool is_auto(const YamlValue& value) {
  return value.is_scalar() && value.text("auto") == "auto";
}

bool read_flag(const YamlValue& value) {
  return value.choice({"false", "true"}) == 1;
}

std::uint64_t read_frames(const YamlValue& value, std::uint64_t least, std::uint64_t most) {
  const std::uint64_t frames = value.read(parse_frames, "a number of frames such as 20 frames");
  if (frames < least || frames > most) {
    value.fail(fmt::format("{} frames are out of range, allowed: {} to {} frames", frames, least, most));
  }
  return frames;
}

std::uint8_t read_class_set(const YamlValue& value, std::size_t classes) {
  unsigned bits = 0;
  const auto add = [&](const YamlValue& item) {
    const unsigned bit = 1u << item.integer(0, classes - 1);
    if ((bits & bit) != 0) item.fail("is there already, allowed: each class once");
    bits |= bit;
  };
  if (value.is_scalar()) {
    add(value);
  } else {
    for (const YamlValue& item : value.items()) add(item);
  }
  return static_cast<std::uint8_t>(bits);
}

}  // namespace longhaul::topology
