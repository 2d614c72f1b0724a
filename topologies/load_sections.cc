// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load_sections.h"

#include "topologies/load_aqm.h"
#include "topologies/load_change.h"
#include "topologies/load_far_end.h"
#include "topologies/load_queues.h"
#include "topologies/load_timeline.h"

namespace longhaul::topology {
namespace {

enum Section : std::size_t { kQueues, kEcn, kWaves, kFarEnd, kTimeline, kReserve };

// The sections of one direction, and whether the link's timeline is the one that counts.
class DirectionReader {
 public:
  DirectionReader(Link& link, Direction direction, Bytes largest_frame)
      : link_(link),
        direction_(direction),
        config_(link.directions[direction]),
        scale_{config_.rate, round_trip(link), largest_frame} {}

  void read_queueing(const Sections& sections) {
    if (const auto& queues = sections[kQueues]) {
      config_.queues = read_queues(*queues, config_.buffer, scale_);
    }
    if (const auto& ecn = sections[kEcn]) {
      auto& classes = config_.queues.classes;
      if (classes.size() != 1) ecn->fail_key("only goes with one class, give the red of each class instead");
      if (!std::holds_alternative<core::aqm::None>(classes[0].aqm)) {
        ecn->fail_key("given beside red, codel or pie of the class, allowed: one of them");
      }
      classes[0].aqm = read_ecn(*ecn, scale_);
    }
    if (const auto& waves = sections[kWaves]) config_.waves = read_waves(*waves);
  }

  // Returns whether the far end is not there because the link carries the hosts' pauses.
  bool read_far(const YamlValue& far_end) {
    const FarEndSection section = read_far_end(far_end, config_, link_.directions[1 - direction_], scale_);
    config_.far_end = section.far_end;
    return section.carries_pause;
  }

  void read_events(const YamlValue& timeline, bool is_shared) {
    const auto shared = is_shared ? std::optional(direction_) : std::nullopt;
    config_.timeline.events = read_timeline(timeline, shared, config_, scale_);
  }

  void read_most(const std::optional<YamlValue>& shared, const std::optional<YamlValue>& own) {
    config_.reserve = read_reserve(shared, own, config_, scale_);
  }

 private:
  Link& link_;
  Direction direction_;
  core::LinkConfig& config_;
  Scale scale_;
};

}  // namespace

Sections find_sections(const YamlMap& map) {
  Sections sections;
  for (std::size_t i = 0; i < sections.size(); ++i) sections[i] = map.find(kSectionKeys[i]);
  return sections;
}

void read_sections(const Sections& shared, const std::array<Sections, 2>& own, Bytes largest_frame,
                   Link& link) {
  std::array<std::optional<YamlValue>, 2> carried;
  for (const Direction direction : {kForward, kReverse}) {
    Sections sections = own[direction];
    for (std::size_t i = 0; i < sections.size(); ++i) {
      if (!sections[i]) sections[i] = shared[i];
    }
    DirectionReader reader(link, direction, largest_frame);
    reader.read_queueing(sections);
    if (sections[kFarEnd] && reader.read_far(*sections[kFarEnd])) carried[direction] = sections[kFarEnd];
    if (sections[kTimeline]) reader.read_events(*sections[kTimeline], !own[direction][kTimeline]);
    reader.read_most(shared[kReserve], own[direction][kReserve]);
  }
  for (const Direction direction : {kForward, kReverse}) {
    if (!carried[direction]) continue;
    link.carries_pause = true;
    if (link.directions[1 - direction].far_end.rate != BitRate()) {
      carried[direction]->fail(
          "carries pause frames while the other direction has a far end, allowed: "
          "pfc.mode: carried in both");
    }
  }
}

}  // namespace longhaul::topology
