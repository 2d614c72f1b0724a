// SPDX-License-Identifier: GPL-2.0-only
#include "results/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "results/judge_delays.h"
#include "results/statistics.h"

namespace longhaul::results {
namespace {

struct Findings {
  std::vector<std::string> invalid, degraded, checked;
  std::vector<std::string> noted;  // no fault, and no less to be said
};

std::string microseconds(std::int64_t ns) {
  return fmt::format("{:.1f} us", static_cast<double>(ns) / 1000);
}
std::string bound_text(Duration bound) {
  return fmt::format("{:g} us", bound.to_seconds() * 1e6);
}

std::string path_name(const DirectionResult& direction) {
  return fmt::format("link {} {} -> {}", direction.link, direction.from, direction.to);
}

// Of the lcore of a port or a direction; nothing in a record without any.
const LoopResult* loop_of(const RunRecord& record, std::size_t lcore) {
  return lcore < record.loops.size() ? &record.loops[lcore] : nullptr;
}

// "taken away for 310.0 ms of 20.1 s (steal 120 ms, ...), 412 gaps of 305.1 ms in all, ...".
std::string disturbance_text(const LoopResult& loop) {
  std::string by_kernel;
  const auto add = [&](std::string_view what, const std::optional<double>& ms) {
    if (ms) by_kernel += fmt::format("{}{} {:.0f} ms", by_kernel.empty() ? "" : ", ", what, *ms);
  };
  add("steal", loop.steal_ms);
  add("softirq", loop.softirq_ms);
  add("irq", loop.irq_ms);

  if (loop.involuntary_switches) {
    by_kernel +=
        fmt::format("{}{} involuntary switches", by_kernel.empty() ? "" : ", ", *loop.involuntary_switches);
  }
  return fmt::format(
      "taken away for {:.1f} ms of {:.1f} s{}{}{}, {} gaps of {:.1f} ms in all, longest turn {:.1f} ms",
      loop.away_ms(), loop.elapsed_ms / 1e3, by_kernel.empty() ? "" : " (", by_kernel,
      by_kernel.empty() ? "" : ")", loop.gaps, loop.gap_ms, loop.longest_turn_us / 1e3);
}

// Why what an lcore sent was late: ": the data plane's CPU 1 was ...". Said once of each.
std::string explanation(const RunRecord& record, std::size_t lcore, std::set<std::size_t>& explained) {
  const LoopResult* const loop = loop_of(record, lcore);
  return loop == nullptr || !explained.insert(lcore).second
             ? ""
             : fmt::format(": the data plane's CPU {} was {}", loop->cpu, disturbance_text(*loop));
}

std::string sum_text(const core::LinkCounters& counters, std::uint64_t core::Tally::*figure) {
  const std::uint64_t copies = counters.duplicated.*figure;
  return fmt::format("{} in, {}{} out + {} dropped + {} held", counters.in.*figure,
                     copies > 0 ? fmt::format("{} duplicated, ", copies) : "", counters.out.*figure,
                     counters.dropped_in_all().*figure, counters.held.*figure);
}

void check_hooks(const DirectionResult& direction, Findings& findings) {
  for (const HookResult& hook : direction.hooks) {
    const core::HookCounters& counters = hook.counters;
    const std::string name = fmt::format("the {} hook of {}", hook.place, path_name(direction));
    if (!counters.conserved()) {
      findings.invalid.push_back(fmt::format(
          "{} does not conserve frames: {} met, {} passed, {} dropped, {} held", name, counters.met.frames,
          counters.passed.frames, counters.dropped_in_all().frames, counters.held.frames));
    }
    if (counters.not_held > 0) {
      findings.invalid.push_back(
          fmt::format("{} could not delay {} frames: no room to hold them; lower longest_delay or the rate",
                      name, counters.not_held));
    }
  }
}

void check_conservation(const RunRecord& record, Findings& findings) {
  std::uint64_t frames = 0;
  for (const DirectionResult& direction : record.directions) {
    const core::LinkCounters& counters = direction.counters;
    frames += counters.in.frames;
    check_hooks(direction, findings);
    if (counters.conserved()) continue;
    findings.invalid.push_back(fmt::format("{} not conserved: frames {}; bytes {}", path_name(direction),
                                           sum_text(counters, &core::Tally::frames),
                                           sum_text(counters, &core::Tally::bytes)));
  }
  findings.checked.push_back(
      fmt::format("conserved exactly: {} frames in = out + dropped + held on {} link directions", frames,
                  record.directions.size()));
}

// The network interface that a device names, or the device itself.
std::string_view interface_of(std::string_view device) {
  constexpr std::string_view kKey = "iface=";
  const std::size_t at = device.find(kKey);
  if (at == std::string_view::npos) return device;
  const std::string_view rest = device.substr(at + kKey.size());
  return rest.substr(0, rest.find(','));
}

// Whether frames are lost at a place because there are too many of them, not because of what they are.
bool is_overload(std::string_view place) {
  constexpr std::string_view kOthers[] = {"oversized", "runt", "invalid", "interface", "carrier"};
  return std::none_of(std::begin(kOthers), std::end(kOthers),
                      [&](std::string_view other) { return place.find(other) != std::string_view::npos; });
}

// Returns whether it lost frames because there were too many.
bool check_port(const PortResult& port, Findings& findings) {
  if (port.gone) {
    findings.invalid.push_back(fmt::format("interface {} of host {} was deleted while the testbed stood",
                                           interface_of(port.device), port.host));
    return false;
  }
  if (port.losses.empty()) {
    findings.invalid.push_back(fmt::format("no place of loss was looked at on the port of {}", port.host));
  }
  bool overloaded = false;
  for (const auto& [place, frames] : port.losses) {
    if (frames == 0) continue;
    findings.invalid.push_back(fmt::format("the emulator lost {} frames {} {} at {}", frames,
                                           port.is_port ? "on the port of" : "inside the data plane, of",
                                           port.host, place));
    overloaded |= is_overload(place);
  }
  return overloaded;
}

void check_ports(const RunRecord& record, Findings& findings) {
  constexpr double kSaturated = 0.95;
  std::size_t ports = 0, places = 0;
  std::set<std::size_t> saturated;
  for (const PortResult& port : record.ports) {
    ports += port.is_port;
    places += port.losses.size();
    const LoopResult* const loop = loop_of(record, port.lcore);
    if (check_port(port, findings) && loop != nullptr && loop->busiest > kSaturated)
      saturated.insert(port.lcore);
  }
  for (const std::size_t lcore : saturated) {
    const LoopResult& loop = record.loops[lcore];
    findings.invalid.push_back(fmt::format(
        "the data plane was saturated (CPU {} busy {:.0f} %): lower the rate, raise the MTU or add lcores",
        loop.cpu, 100 * std::min(loop.busiest, 1.0)));
  }
  if (ports == 0) findings.invalid.emplace_back("no port was looked at for emulator loss");
  findings.checked.push_back(fmt::format("no emulator loss at {} ports in {} places", ports, places));
}

// Lateness is recorded where a frame leaves for a host. What this direction delivered may all have gone on
// over other links.
bool may_pass_all_on(const RunRecord& record, const DirectionResult& direction) {
  return std::any_of(record.directions.begin(), record.directions.end(), [&](const DirectionResult& next) {
    return next.from == direction.to && next.link != direction.link && next.counters.in.frames > 0;
  });
}

void check_lateness_of(const RunRecord& record, const DirectionResult& direction, const Bounds& bounds,
                       std::set<std::size_t>& explained, Findings& findings) {
  const Lateness& lateness = direction.lateness;
  if (lateness.early > 0) {
    findings.invalid.push_back(
        fmt::format("{} frames left {} before they were due", lateness.early, path_name(direction)));
  }
  if (direction.counters.out.frames > 0 && lateness.frames + lateness.early == 0 &&
      !may_pass_all_on(record, direction)) {
    findings.invalid.push_back(fmt::format("lateness of {} frames of {} was not recorded",
                                           direction.counters.out.frames, path_name(direction)));
  }
  const auto above = [&](Duration bound) {
    return fmt::format("lateness P99 {} > {} on {}{}", microseconds(lateness.p99_ns), bound_text(bound),
                       path_name(direction), explanation(record, direction.lcore, explained));
  };
  const Duration p99 = Duration::nanoseconds(lateness.p99_ns);
  if (p99 > bounds.lateness_invalid) {
    findings.invalid.push_back(above(bounds.lateness_invalid));
  } else if (p99 > bounds.lateness_p99) {
    findings.degraded.push_back(above(bounds.lateness_p99));
  }
  if (Duration::nanoseconds(direction.latest_entry_ns) > bounds.lateness_p99) {
    findings.degraded.push_back(fmt::format(
        "{} frames came to {} from another lcore after their time, by up to {} > {}", direction.entered_late,
        path_name(direction), microseconds(direction.latest_entry_ns), bound_text(bounds.lateness_p99)));
  }
}

// A frame that waits at a port while the loop stands still is not late on any link: its time there begins
// when the loop takes it. So how long the loop stood is judged as lateness is: P99 above a bound means that
// more than 1 % of the time a frame that came would have waited longer. And Linux's TCP takes a silence of
// 200 ms for a loss.
void check_standstill(const RunRecord& record, const Bounds& bounds, Findings& findings) {
  constexpr double kShare = 0.01, kSmallestRtoUs = 200e3;
  for (const LoopResult& loop : record.loops) {
    const auto too_long = [&](Duration bound) {
      return loop.elapsed_ms > 0 &&
             loop.longest_turn_us - bound.to_seconds() * 1e6 > kShare * loop.elapsed_ms * 1e3;
    };
    const std::string reason = fmt::format("the data plane stood still for {:.1f} ms; its CPU {} was {}",
                                           loop.longest_turn_us / 1e3, loop.cpu, disturbance_text(loop));
    if (too_long(bounds.lateness_invalid)) {
      findings.invalid.push_back(reason);
    } else if (too_long(bounds.lateness_p99) || loop.longest_turn_us >= kSmallestRtoUs) {
      findings.degraded.push_back(reason);
    }
    findings.checked.push_back(fmt::format("CPU {} of the data plane: {}", loop.cpu, disturbance_text(loop)));
  }
}

void check_lateness(const RunRecord& record, const Bounds& bounds, Findings& findings) {
  std::set<std::size_t> explained;  // lcores
  std::int64_t worst_ns = 0;
  std::uint64_t frames = 0, early = 0, delivered = 0;
  for (const DirectionResult& direction : record.directions) {
    check_lateness_of(record, direction, bounds, explained, findings);
    worst_ns = std::max(worst_ns, direction.lateness.p99_ns);
    frames += direction.lateness.frames;
    early += direction.lateness.early;
    delivered += direction.counters.out.frames;
  }
  if (delivered > 0 && frames + early == 0) findings.invalid.emplace_back("no lateness was recorded at all");
  findings.checked.push_back(
      fmt::format("lateness P99 {} <= {} in the worst direction, none of {} frames early",
                  microseconds(worst_ns), bound_text(bounds.lateness_p99), frames));
}

void check_completeness(const RunRecord& record, Findings& findings) {
  for (const std::uint64_t size : record.planned_sizes) {
    const auto result = std::find_if(record.collectives.begin(), record.collectives.end(),
                                     [size](const CollectiveResult& r) { return r.size_bytes == size; });
    if (result == record.collectives.end()) {
      findings.invalid.push_back(fmt::format("no collective result at {} B", size));
      continue;
    }
    const std::size_t timed = std::min<std::size_t>(result->iterations, result->times_us.size());
    if (timed < record.iterations) {
      findings.invalid.push_back(fmt::format("{} of {} timed iterations at {} B are missing",
                                             record.iterations - timed, record.iterations, size));
    }
  }
  if (record.collectives.empty() && record.planned_sizes.empty()) {
    findings.invalid.emplace_back("no collective result at all");
  }
}

void check_sums(const RunRecord& record, Findings& findings) {
  std::uint64_t checked = 0;
  for (const CollectiveResult& result : record.collectives) {
    checked += result.checked_iterations;
    if (result.wrong > 0) {
      findings.invalid.push_back(fmt::format("{} wrong elements in {} checked iterations at {} B",
                                             result.wrong, result.checked_iterations, result.size_bytes));
    } else if (result.checked_iterations == 0) {
      findings.degraded.push_back(fmt::format("sums at {} B were not checked", result.size_bytes));
    }
  }
  findings.checked.push_back(
      fmt::format("sums correct in {} checked iterations at {} sizes", checked, record.collectives.size()));
}

void check_measurement(const RunRecord& record, Findings& findings) {
  std::uint64_t sent = 0;
  for (const PathProbe& probe : record.probes) {
    sent += probe.sent;
    if (probe.received >= probe.sent) continue;
    findings.degraded.push_back(fmt::format("{} of {} probes from {} to {} were not answered",
                                            probe.sent - probe.received, probe.sent, probe.from, probe.to));
  }
  if (record.samples_lost > 0) {
    findings.degraded.push_back(fmt::format("{} samples are missing in links.csv", record.samples_lost));
  }
  if (record.decisions && record.decisions->lost > 0) {
    findings.degraded.push_back(
        fmt::format("{} decisions are missing in decisions.csv", record.decisions->lost));
  }
  for (const std::string& file : record.unwritten) findings.degraded.push_back(file);
  findings.checked.push_back(fmt::format("all {} probes answered, no sample of links.csv missing", sent));
}

void check_from_outside(const RunRecord& record, Findings& findings) {
  DelayFindings seen = check_one_way_delays(record);
  std::move(seen.invalid.begin(), seen.invalid.end(), std::back_inserter(findings.invalid));
  std::move(seen.noted.begin(), seen.noted.end(), std::back_inserter(findings.noted));
  std::move(seen.checked.begin(), seen.checked.end(), std::back_inserter(findings.checked));
}

// Frames met what the model had said last; how old that was says whether it kept up.
void check_background(const RunRecord& record, const Bounds& bounds, Findings& findings) {
  if (!record.background) return;
  const BackgroundResult& background = *record.background;
  for (const BackgroundDirection& d : background.directions) {
    if (d.conserved()) continue;
    findings.invalid.push_back(fmt::format(
        "the background on link {} {} -> {} is not conserved: {} in, {} out + {} dropped + {} held", d.link,
        d.from, d.to, d.in_frames, d.out_frames, d.dropped_frames, d.held_frames));
  }
  if (background.age.count == 0)
    findings.invalid.emplace_back("no frame ever met the background that was modelled");
  const Duration p99 = Duration::nanoseconds(background.age.p99_ns);
  const auto above = [&](Duration bound) {
    return fmt::format(
        "what the model said of background traffic was {} old at P99 > {}: it did not keep up with the "
        "clock; "
        "raise coupling.slow_down or leave it a CPU",
        microseconds(background.age.p99_ns), bound_text(bound));
  };
  if (p99 > bounds.background_age_invalid) {
    findings.invalid.push_back(above(bounds.background_age_invalid));
  } else if (p99 > bounds.background_age_p99) {
    findings.degraded.push_back(above(bounds.background_age_p99));
  }
  findings.checked.push_back(fmt::format("background on {} link directions: {} old at P99 <= {}",
                                         background.directions.size(), microseconds(background.age.p99_ns),
                                         bound_text(bounds.background_age_p99)));
}

void note_live_changes(const RunRecord& record, Findings& findings) {
  if (record.live_changes.count == 0) return;
  const LiveChanges::Change& first = record.live_changes.first.front();
  findings.noted.push_back(fmt::format("links were changed live {} times, first at t = {:.6f} s: {}",
                                       record.live_changes.count, first.at_s, first.text));
}

}  // namespace

Judgement judge(const RunRecord& record, const Bounds& bounds) {
  Findings findings;
  check_ports(record, findings);
  check_conservation(record, findings);
  check_lateness(record, bounds, findings);
  check_standstill(record, bounds, findings);
  check_completeness(record, findings);
  check_sums(record, findings);
  check_measurement(record, findings);
  check_from_outside(record, findings);
  check_background(record, bounds, findings);
  note_live_changes(record, findings);

  Judgement judgement;
  const auto say = [&](std::vector<std::string>& reasons) {
    std::move(reasons.begin(), reasons.end(), std::back_inserter(judgement.reasons));
  };
  if (findings.invalid.empty() && findings.degraded.empty()) {
    judgement.verdict = Verdict::kValid;
    say(findings.checked);
  } else {
    judgement.verdict = findings.invalid.empty() ? Verdict::kDegraded : Verdict::kInvalid;
    say(findings.invalid);
    say(findings.degraded);
  }
  say(findings.noted);
  return judgement;
}

}  // namespace longhaul::results
