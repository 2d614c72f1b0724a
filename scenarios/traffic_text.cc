// SPDX-License-Identifier: GPL-2.0-only
#include <fmt/format.h>

#include <iterator>

#include "scenarios/load_traffic.h"

namespace longhaul::scenario {
namespace {

using topology::to_text;

struct KindText {
  std::string operator()(const traffic::Constant& kind) const { return rate(kind.rate); }
  std::string operator()(const traffic::Poisson& kind) const { return rate(kind.rate); }
  std::string operator()(const traffic::OnOff& kind) const {
    std::string text =
        fmt::format("{}, on_time: {}, off_time: {}", rate(kind.rate), to_text(kind.on), to_text(kind.off));
    if (kind.law == traffic::OnOff::Law::kExponential) return text + ", times: exponential";
    return text + fmt::format(", times: pareto, shape: {}", to_text(kind.shape));
  }
  std::string operator()(const traffic::Flows& kind) const {
    std::string points;
    for (const traffic::SizeLaw::Point& point : kind.sizes.points)
      points += fmt::format("{}{} {}", points.empty() ? "" : "; ", point.bytes, to_text(point.percent));
    return fmt::format("{}, peak: {}, sizes: {{ points: \"{}\" }}", rate(kind.rate), to_text(kind.peak),
                       points);
  }
  std::string operator()(const traffic::Incast& kind) const {
    return fmt::format("senders: {}, burst: {}, period: {}", kind.senders, to_text(kind.burst),
                       to_text(kind.period));
  }
  std::string operator()(const traffic::Bulk& kind) const { return fmt::format("flows: {}", kind.flows); }
  static std::string rate(BitRate rate) { return fmt::format("rate: {}", to_text(rate)); }
};

std::string profile_text(const traffic::Profile& profile) {
  std::string steps;
  for (const traffic::Profile::Step& step : profile.steps) {
    steps += fmt::format("{}{{ at: {}, scale: {} }}", steps.empty() ? "" : ", ", to_text(step.at),
                         to_text(step.scale));
  }
  std::string text = fmt::format(", profile: {{ steps: [{}]", steps);
  if (profile.period > Duration())
    text += fmt::format(", period: {}, depth: {}", to_text(profile.period), to_text(profile.depth));
  return text + " }";
}

}  // namespace

std::string traffic_text(const traffic::SourceConfig& config) {
  std::string text = fmt::format("kind: {}, {}, packet: {}", traffic::kKindNames[config.kind.index()],
                                 std::visit(KindText{}, config.kind), to_text(Bytes(config.packet)));
  if (config.profile != traffic::Profile{}) text += profile_text(config.profile);
  text += fmt::format(", start: {}", to_text(config.start.since_zero()));
  if (config.stop != Instant::never()) text += fmt::format(", stop: {}", to_text(config.stop.since_zero()));
  return text;
}

}  // namespace longhaul::scenario
