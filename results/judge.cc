// SPDX-License-Identifier: GPL-2.0-only
#include "results/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "results/statistics.h"

namespace longhaul::results {
namespace {

struct Findings {
  std::vector<std::string> invalid, degraded, checked;
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

std::string sum_text(const core::LinkCounters& counters, std::uint64_t core::Tally::*figure) {
  const std::uint64_t copies = counters.duplicated.*figure;
  return fmt::format("{} in, {}{} out + {} dropped + {} held", counters.in.*figure,
                     copies > 0 ? fmt::format("{} duplicated, ", copies) : "", counters.out.*figure,
                     counters.dropped_in_all().*figure, counters.held.*figure);
}

void check_conservation(const RunRecord& record, Findings& findings) {
  std::uint64_t frames = 0;
  for (const DirectionResult& direction : record.directions) {
    const core::LinkCounters& counters = direction.counters;
    frames += counters.in.frames;
    if (counters.conserved()) continue;
    findings.invalid.push_back(fmt::format("{} not conserved: frames {}; bytes {}", path_name(direction),
                                           sum_text(counters, &core::Tally::frames),
                                           sum_text(counters, &core::Tally::bytes)));
  }
  findings.checked.push_back(
      fmt::format("conserved exactly: {} frames in = out + dropped + held on {} link directions", frames,
                  record.directions.size()));
}

void check_ports(const RunRecord& record, Findings& findings) {
  std::size_t places = 0;
  for (const PortResult& port : record.ports) {
    places += port.losses.size();
    if (port.losses.empty()) {
      findings.invalid.push_back(fmt::format("no place of loss was looked at on the port of {}", port.host));
    }
    for (const auto& [place, frames] : port.losses) {
      if (frames == 0) continue;
      findings.invalid.push_back(
          fmt::format("the emulator lost {} frames on the port of {} at {}", frames, port.host, place));
    }
  }
  if (record.ports.empty()) findings.invalid.emplace_back("no port was looked at for emulator loss");
  findings.checked.push_back(
      fmt::format("no emulator loss at {} ports in {} places", record.ports.size(), places));
}

void check_lateness_of(const DirectionResult& direction, const Bounds& bounds, Findings& findings) {
  const Lateness& lateness = direction.lateness;
  if (lateness.early > 0) {
    findings.invalid.push_back(
        fmt::format("{} frames left {} before they were due", lateness.early, path_name(direction)));
  }
  if (direction.counters.out.frames > 0 && lateness.frames + lateness.early == 0) {
    findings.invalid.push_back(fmt::format("lateness of {} frames of {} was not recorded",
                                           direction.counters.out.frames, path_name(direction)));
  }
  const auto above = [&](Duration bound) {
    return fmt::format("lateness P99 {} > {} on {}", microseconds(lateness.p99_ns), bound_text(bound),
                       path_name(direction));
  };
  const Duration p99 = Duration::nanoseconds(lateness.p99_ns);
  if (p99 > bounds.lateness_invalid) {
    findings.invalid.push_back(above(bounds.lateness_invalid));
  } else if (p99 > bounds.lateness_p99) {
    findings.degraded.push_back(above(bounds.lateness_p99));
  }
}

void check_lateness(const RunRecord& record, const Bounds& bounds, Findings& findings) {
  std::int64_t worst_ns = 0;
  std::uint64_t frames = 0;
  for (const DirectionResult& direction : record.directions) {
    check_lateness_of(direction, bounds, findings);
    worst_ns = std::max(worst_ns, direction.lateness.p99_ns);
    frames += direction.lateness.frames;
  }
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
  findings.checked.push_back(fmt::format("all {} probes answered, no sample of links.csv missing", sent));
}

}  // namespace

Judgement judge(const RunRecord& record, const Bounds& bounds) {
  Findings findings;
  check_ports(record, findings);
  check_conservation(record, findings);
  check_lateness(record, bounds, findings);
  check_completeness(record, findings);
  check_sums(record, findings);
  check_measurement(record, findings);

  if (findings.invalid.empty() && findings.degraded.empty())
    return {Verdict::kValid, std::move(findings.checked)};
  Judgement judgement{findings.invalid.empty() ? Verdict::kDegraded : Verdict::kInvalid,
                      std::move(findings.invalid)};
  std::move(findings.degraded.begin(), findings.degraded.end(), std::back_inserter(judgement.reasons));
  return judgement;
}

}  // namespace longhaul::results
