// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/link_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "scenarios/change_text.h"
#include "scenarios/link_figures.h"
#include "topologies/pause.h"
#include "topologies/quantity.h"

namespace longhaul::scenario {
namespace {

using topology::to_text;

constexpr std::uint64_t kEthernetHeader = 14;
constexpr std::size_t kMostShown = 10;  // changes of a timeline

double milliseconds(Duration time) {
  return time.to_seconds() * 1e3;
}

double kibibytes(Bytes bytes) {
  return static_cast<double>(bytes.count()) / 1024;
}

std::string microseconds(Duration time) {
  return fmt::format("{:.1f} us", time.to_seconds() * 1e6);
}

std::string depth_text(const Depth& depth) {
  return depth.of_bdp == 0 ? microseconds(depth.queueing)
                           : fmt::format("{}, {:.3f} BDP", microseconds(depth.queueing), depth.of_bdp);
}

// The lines about one direction.
class DirectionReport {
 public:
  DirectionReport(const topology::Topology& topology, const topology::Link& link,
                  topology::Direction direction)
      : link_(link.directions[direction]),
        round_trip_(round_trip(link)),
        frame_(std::uint64_t{topology.mtu} + kEthernetHeader),
        largest_frame_(topology.largest_frame()) {}

  // Each line begins with "#   "; empty when there is nothing to say.
  std::string text() {
    line_lines();
    queue_lines();
    far_end_lines();
    timeline_lines();
    return text_;
  }

 private:
  template <typename... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    text_ += "#   " + fmt::format(format, std::forward<Args>(args)...) + "\n";
  }

  void line_lines() {
    const LossFigures loss = loss_figures(link_.loss);
    if (loss.mean_burst != 0) {
      line("loss: {} of frames in the mean, in runs of {:.3g} in the mean",
           loss.mean == 0 ? "a finite number" : fmt::format("{:.3g} %", loss.mean * 100), loss.mean_burst);
    }
    if (const double rate = link_.line.bit_errors.rate; rate != 0) {
      line("bit errors: {} per bit is {:.3g} % of frames of {} B", to_text(rate),
           bit_error_probability(rate, frame_) * 100, frame_.count());
    }
    if (link_.line.jitter.scale != Duration()) {
      const JitterRange range = jitter_range(link_.line.jitter);
      line("jitter: {} to +{} on {} of delay{}", signed_text(range.least), microseconds(range.most),
           to_text(link_.delay), link_.line.order == core::Order::kKept ? ", order kept" : ", may reorder");
    }
    if (link_.waves.members > 1) {
      const auto& skew = link_.waves.skew;
      const BitRate each = BitRate::bits_per_second(link_.rate.bps() / link_.waves.members);
      line("waves: {} of {} each{}", link_.waves.members, to_text(each),
           skew.empty() ? "" : ", skew up to " + to_text(*std::max_element(skew.begin(), skew.end())));
    }
  }

  static std::string signed_text(Duration time) {
    return (time < Duration() ? "-" : "+") + microseconds(time < Duration() ? -time : time);
  }

  Depth depth(Bytes bytes) const { return depth_figures(link_, bytes, frame_, round_trip_); }

  void queue_lines() {
    const core::QueueConfig& queues = link_.queues;
    if (queues == core::QueueConfig{}) return;
    for (std::size_t c = 0; c < queues.classes.size(); ++c) {
      const core::ClassConfig& config = queues.classes[c];
      const Bytes room = class_room(link_, config, frame_);
      line("class {}: {}, holds up to {:.1f} KiB: {}{}", c,
           config.strict ? "strict" : fmt::format("drr {}", config.weight), kibibytes(room),
           depth_text(depth(room)),
           config.time_cap == Duration() ? "" : "; older than " + to_text(config.time_cap) + " is dropped");
      if (const auto* red = std::get_if<core::aqm::Red>(&config.aqm)) red_line(*red, room);
    }
    if (queues.tiers.on_chip != Bytes()) {
      line("on chip: {:.1f} KiB ({}), then {:.1f} KiB at {}", kibibytes(queues.tiers.on_chip),
           depth_text(depth(queues.tiers.on_chip)), kibibytes(link_.buffer - queues.tiers.on_chip),
           to_text(queues.tiers.bandwidth));
    }
  }

  void red_line(const core::aqm::Red& red, Bytes room) {
    line("  {} from {} to {}, there {:.3g} %", red.ecn ? "RED marks" : "RED drops",
         depth_text(depth(red.min)), depth_text(depth(red.max)), red.max_probability * 100);
    if (red.min >= room) {
      line("  WARNING: the class is full at {:.1f} KiB, before RED begins at {:.1f} KiB", kibibytes(room),
           kibibytes(red.min));
    }
  }

  void far_end_lines() {
    const core::FarEnd& far = link_.far_end;
    if (far.rate == BitRate()) return;
    line("far end: drains at {}, holds {:.1f} KiB of classes without PFC", to_text(far.rate),
         kibibytes(far.buffer));
    if (far.pfc.classes == 0) return;
    const PauseFigures figures = pause_figures(link_, largest_frame_);
    line("PFC: acts {:.6g} ms after the decision, lasts {:.6g} ms, sent again each {:.6g} ms",
         milliseconds(far.pfc.pause_delay), milliseconds(figures.pause_time), milliseconds(figures.refresh));
    if (figures.refresh > figures.pause_time) {
      line("WARNING: a pause ends {} before it is sent again, the sender restarts in between",
           microseconds(figures.refresh - figures.pause_time));
    }
    for (std::size_t c = 0; c < core::kMostClasses; ++c) {
      if ((far.pfc.classes >> c & 1) != 0) threshold_lines(c, far.pfc.thresholds[c], figures.needed);
    }
  }

  void threshold_lines(std::size_t c, const core::PfcThresholds& thresholds, Bytes needed) {
    line(
        "PFC class {}: XOFF above {:.1f} KiB, XON at {:.1f} KiB, headroom {:.1f} KiB of the {:.1f} KiB that "
        "{:.6g} ms need",
        c, kibibytes(thresholds.xoff), kibibytes(thresholds.xon), kibibytes(thresholds.headroom),
        kibibytes(needed), milliseconds(longest_delay(link_) + link_.far_end.pfc.pause_delay));
    if (thresholds.headroom < needed) {
      line("WARNING: headroom is {:.1f} KiB too small, class {} can lose frames at the far end",
           kibibytes(needed - thresholds.headroom), c);
    }
    const Bytes two_bdp = bytes_in(link_.rate, round_trip_ * 2);
    if (const Bytes held = thresholds.xoff + thresholds.headroom; held < two_bdp) {
      line("WARNING: class {} has {:.1f} KiB in all, below 2 BDP ({:.1f} KiB): it loses frames or runs empty",
           c, kibibytes(held), kibibytes(two_bdp));
    }
  }

  void timeline_lines() {
    const core::Timeline& timeline = link_.timeline;
    if (!timeline.trace.rows.empty()) {
      line("trace: {} changes from {} to {}{}", timeline.trace.rows.size(),
           to_text(timeline.trace.rows.front().at), to_text(timeline.trace.rows.back().at),
           timeline.trace.period == Duration() ? "" : ", again each " + to_text(timeline.trace.period));
    }
    const auto happenings = first_happenings(timeline, kMostShown + 1);
    for (std::size_t i = 0; i < std::min(happenings.size(), kMostShown); ++i) {
      line("at {}{}: {}", happenings[i].origin == core::Origin::kFirstFrame ? "the first frame + " : "",
           to_text(happenings[i].at), change_text(*happenings[i].change));
    }
    if (happenings.size() > kMostShown) line("and so on");
  }

  const core::LinkConfig& link_;
  Duration round_trip_;
  Bytes frame_, largest_frame_;
  std::string text_;
};

}  // namespace

std::string link_text(const topology::Topology& topology) {
  std::string text;
  for (const topology::Link& link : topology.links) {
    const bool alike = link.directions[topology::kForward] == link.directions[topology::kReverse];
    for (const topology::Direction direction : {topology::kForward, topology::kReverse}) {
      if (alike && direction == topology::kReverse) continue;
      const std::string lines = DirectionReport(topology, link, direction).text();
      if (lines.empty()) continue;
      text += fmt::format("#\n# {}, {} {} {}\n{}", link.name, topology.sites[link.between[direction]].name,
                          alike ? "<->" : "->", topology.sites[link.between[1 - direction]].name, lines);
    }
    if (link.carries_pause) text += fmt::format("#\n# {} carries the hosts' pause frames\n", link.name);
  }
  return text;
}

}  // namespace longhaul::scenario
