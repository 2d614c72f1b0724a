// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load_far_end.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>

#include "topologies/bounds.h"
#include "topologies/load_links.h"
#include "topologies/pause.h"
#include "topologies/quantity.h"

namespace longhaul::topology {
namespace {

constexpr std::string_view kCarriedAlone =
    "only goes with pfc.mode: terminated, a link that carries has no far end";

// Reads the thresholds of lossless classes; what a class does not say itself, the pfc section says.
class ThresholdReader {
 public:
  ThresholdReader(const YamlMap& shared, Bytes needed, const Scale& scale)
      : shared_(shared), needed_(needed), scale_(scale) {}

  core::PfcThresholds read(const std::optional<YamlMap>& own) const {
    core::PfcThresholds thresholds;
    thresholds.xoff = amount(own, "xoff").value_or(needed_);
    thresholds.headroom = amount(own, "headroom").value_or(needed_);
    const Bytes hysteresis(2 * scale_.largest_frame.count());
    const Bytes default_xon = thresholds.xoff > hysteresis ? thresholds.xoff - hysteresis : Bytes();
    thresholds.xon = amount(own, "xon").value_or(default_xon);
    if (thresholds.xon > thresholds.xoff) {
      find(own, "xon")
          ->fail(fmt::format("{} is more than xoff, allowed: up to {}", to_text(thresholds.xon),
                             to_text(thresholds.xoff)));
    }
    return thresholds;
  }

 private:
  std::optional<YamlValue> find(const std::optional<YamlMap>& own, std::string_view key) const {
    const auto value = own ? own->find(key) : std::nullopt;
    return value ? value : shared_.find(key);
  }

  // Nothing when it is not there or auto.
  std::optional<Bytes> amount(const std::optional<YamlMap>& own, std::string_view key) const {
    const auto value = find(own, key);
    if (!value || is_auto(*value)) return std::nullopt;
    return read_amount(*value, scale_);
  }

  const YamlMap& shared_;
  Bytes needed_;
  const Scale& scale_;
};

void read_pfc_classes(const YamlMap& map, const ThresholdReader& reader, std::size_t classes,
                      core::Pfc& pfc) {
  const YamlValue value = map.need("classes", "the lossless classes, for example [3]");
  std::array<std::optional<YamlMap>, core::kMostClasses> own;
  if (value.is_map()) {
    const YamlMap by_class = value.map({"0", "1", "2", "3", "4", "5", "6", "7"});
    for (std::size_t c = 0; c < core::kMostClasses; ++c) {
      const auto found = by_class.find(std::to_string(c));
      if (!found) continue;
      if (c >= classes) {
        found->fail_key(fmt::format("class {} is not there, allowed: 0 to {}", c, classes - 1));
      }
      own[c] = found->map({"xoff", "xon", "headroom"});
      pfc.classes = static_cast<std::uint8_t>(pfc.classes | 1u << c);
    }
  } else {
    pfc.classes = read_class_set(value, classes);
  }
  if (pfc.classes == 0) value.fail("has no class, allowed: at least one, for example [3]");
  for (std::size_t c = 0; c < core::kMostClasses; ++c) {
    if ((pfc.classes >> c & 1u) != 0) pfc.thresholds[c] = reader.read(own[c]);
  }
}

core::Watchdog read_watchdog(const YamlValue& value) {
  const YamlMap map = value.map({"detection", "restoration", "action"});
  core::Watchdog watchdog;
  const YamlValue detection = map.need("detection", "a time such as 200 ms");
  watchdog.detection = read_time(detection, limits::kShortestPeriod, limits::kLongestWait);
  watchdog.restoration = watchdog.detection;
  if (const auto restoration = map.find("restoration")) {
    watchdog.restoration = read_time(*restoration, limits::kShortestPeriod, limits::kLongestWait);
  }
  if (const auto action = map.find("action")) {
    watchdog.action = action->choice({"drop", "forward"}) == 0 ? core::WatchdogAction::kDrop
                                                               : core::WatchdogAction::kForward;
  }
  return watchdog;
}

core::Pfc read_pfc(const YamlMap& map, const core::LinkConfig& link, const core::LinkConfig& back,
                   const Scale& scale) {
  core::Pfc pfc;
  pfc.pause_delay = pause_travel(back, scale.largest_frame);
  if (const auto response = map.find("response")) {
    pfc.pause_delay += read_time(*response, Duration(), limits::kLongestResponse);
  }
  const Bytes needed =
      std::min(headroom_needed(link, pfc.pause_delay, scale.largest_frame), limits::kLargestBuffer);
  read_pfc_classes(map, ThresholdReader(map, needed, scale), link.queues.classes.size(), pfc);
  if (const auto quanta = map.find("quanta")) {
    pfc.quanta = static_cast<std::uint16_t>(quanta->integer(1, std::numeric_limits<std::uint16_t>::max()));
  }
  if (const auto refresh = map.find("refresh"); refresh && !is_auto(*refresh)) {
    pfc.refresh = read_time(*refresh, limits::kShortestPeriod, limits::kLongestWait);
  }
  if (const auto lost = map.find("lost")) pfc.lost = read_probability(*lost);
  if (const auto watchdog = map.find("watchdog")) pfc.watchdog = read_watchdog(*watchdog);
  return pfc;
}

// Whether `pfc`, whose keys are in `map`, says that the link carries the hosts' pause frames.
bool is_carried(const YamlMap& map) {
  const auto mode = map.find("mode");
  if (!mode || mode->choice({"terminated", "carried"}) == 0) return false;
  for (const std::string_view key :
       {"classes", "xoff", "xon", "headroom", "quanta", "refresh", "lost", "response", "watchdog"}) {
    if (const auto value = map.find(key)) value->fail_key(kCarriedAlone);
  }
  return true;
}

}  // namespace

FarEndSection read_far_end(const YamlValue& value, const core::LinkConfig& link, const core::LinkConfig& back,
                           const Scale& scale) {
  const YamlMap map = value.map({"rate", "buffer", "pfc"});
  const auto rate = map.find("rate");
  const auto buffer = map.find("buffer");
  FarEndSection section;
  std::optional<YamlMap> pfc;
  if (const auto found = map.find("pfc")) {
    pfc = found->map(
        {"classes", "xoff", "xon", "headroom", "quanta", "refresh", "lost", "response", "watchdog", "mode"});
    if (is_carried(*pfc)) {
      if (rate) rate->fail_key(kCarriedAlone);
      if (buffer) buffer->fail_key(kCarriedAlone);
      section.carries_pause = true;
      return section;
    }
  }
  section.far_end.rate = rate ? read_rate(*rate) : link.rate;
  section.far_end.buffer = buffer ? read_room(*buffer, scale)
                                  : std::max(bytes_in(scale.rate, scale.round_trip), scale.largest_frame);
  if (pfc) section.far_end.pfc = read_pfc(*pfc, link, back, scale);
  return section;
}

}  // namespace longhaul::topology
