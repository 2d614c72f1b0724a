// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/open_metrics.h"

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace longhaul::scenario {
namespace {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

std::string labels_text(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, escaped(value));
  }
  return text.empty() ? text : "{" + text + "}";
}

// Writes metric families one after the other, as the format wants them: no family twice, none interleaved.
class Exposition {
 public:
  void counter(std::string_view name, std::string_view unit, std::string_view help) {
    family(name, "counter", unit, help);
    suffix_ = "_total";
  }
  void gauge(std::string_view name, std::string_view unit, std::string_view help) {
    family(name, "gauge", unit, help);
  }
  void summary(std::string_view name, std::string_view unit, std::string_view help) {
    family(name, "summary", unit, help);
  }
  void info(std::string_view name, std::string_view help) {
    family(name, "info", "", help);
    suffix_ = "_info";
  }

  // Samples of the family begun last.
  template <typename Number>
  void sample(const Labels& labels, Number value) {
    sample(suffix_, labels, value);
  }
  template <typename Number>
  void sample(std::string_view suffix, const Labels& labels, Number value) {
    text_ += fmt::format("{}{}{} {}\n", name_, suffix, labels_text(labels), value);
  }

  std::string text() && { return std::move(text_) + "# EOF\n"; }

 private:
  void family(std::string_view name, std::string_view type, std::string_view unit, std::string_view help) {
    name_ = fmt::format("longhaul_{}{}{}", name, unit.empty() ? "" : "_", unit);
    suffix_ = "";
    text_ += fmt::format("# TYPE {} {}\n", name_, type);
    if (!unit.empty()) text_ += fmt::format("# UNIT {} {}\n", name_, unit);
    text_ += fmt::format("# HELP {} {}\n", name_, help);
  }

  std::string text_, name_, suffix_;
};

template <typename Write>
void for_drop_causes(const LiveDirection& direction, Write&& write) {
  for (std::size_t c = 0; c < core::kDropCauses; ++c) {
    write(core::name(static_cast<core::DropCause>(c)), direction.now.counters.dropped[c]);
  }
  write(std::string_view("hook"), direction.now.hook_dropped());
}

// Frames by what became of them, then the same in bytes.
void write_traffic(const LiveView& view, Exposition& out, std::uint64_t core::Tally::*figure,
                   std::string_view unit) {
  out.counter("link", unit, fmt::format("L2 {} by what became of them: offered, delivered, copied", unit));
  for (const LiveDirection& d : view.directions) {
    const core::LinkCounters& counters = d.now.counters;
    const std::pair<std::string_view, core::Tally> outcomes[] = {{"in", counters.in},
                                                                 {"out", counters.out},
                                                                 {"duplicated", counters.duplicated},
                                                                 {"corrupted", counters.corrupted}};
    for (const auto& [outcome, tally] : outcomes) {
      out.sample({{"link", d.link}, {"direction", d.direction}, {"outcome", outcome}}, tally.*figure);
    }
  }
  out.counter("link_dropped", unit, fmt::format("L2 {} dropped by the link, by cause", unit));
  for (const LiveDirection& d : view.directions) {
    for_drop_causes(d, [&](std::string_view cause, const core::Tally& tally) {
      out.sample({{"link", d.link}, {"direction", d.direction}, {"cause", cause}}, tally.*figure);
    });
  }
  out.counter("link_marked", unit, fmt::format("L2 {} marked with congestion experienced, by cause", unit));
  for (const LiveDirection& d : view.directions) {
    for (std::size_t c = 0; c < core::kMarkCauses; ++c) {
      out.sample({{"link", d.link},
                  {"direction", d.direction},
                  {"cause", core::name(static_cast<core::MarkCause>(c))}},
                 d.now.counters.marked[c].*figure);
    }
  }
  out.gauge("link_held", unit, fmt::format("L2 {} in the link: waiting, being sent, on the line", unit));
  for (const LiveDirection& d : view.directions) {
    out.sample({{"link", d.link}, {"direction", d.direction}}, d.now.counters.held.*figure);
  }
}

// One figure of every direction.
template <typename Figure>
void write_each(const LiveView& view, Exposition& out, Figure&& figure) {
  for (const LiveDirection& d : view.directions) {
    out.sample({{"link", d.link}, {"direction", d.direction}}, figure(d));
  }
}

void write_state(const LiveView& view, Exposition& out) {
  out.gauge("link_queue", "bytes", "waiting for the serialiser");
  write_each(view, out, [](const LiveDirection& d) { return d.now.counters.queue_bytes; });
  out.gauge("link_queue_peak", "bytes", "most that ever waited for the serialiser");
  write_each(view, out, [](const LiveDirection& d) { return d.now.counters.queue_peak_bytes; });
  out.gauge("link_buffer", "bytes", "may wait for the serialiser");
  write_each(view, out, [](const LiveDirection& d) { return d.now.state.buffer.count(); });
  out.gauge("link_rate", "bits_per_second", "of the serialiser, now");
  write_each(view, out, [](const LiveDirection& d) { return d.now.state.rate.bps(); });
  out.gauge("link_share_left", "ratio", "of the rate, left by background traffic, now");
  write_each(view, out, [](const LiveDirection& d) { return d.now.state.background.share_left; });
  out.gauge("link_background_wait", "seconds", "that frames wait behind background traffic, now");
  write_each(view, out, [](const LiveDirection& d) { return d.now.state.background.wait.to_seconds(); });
  out.gauge("link_delay", "seconds", "constant part of the propagation delay, now");
  write_each(view, out, [](const LiveDirection& d) { return d.now.state.delay.to_seconds(); });
  out.gauge("link_up", "", "0 while the line is dark");
  write_each(view, out, [](const LiveDirection& d) { return d.now.state.dark ? 0 : 1; });
  out.gauge("link_loss", "ratio", "probability of loss on the line, of links that have just one");
  for (const LiveDirection& d : view.directions) {
    if (d.loss) out.sample({{"link", d.link}, {"direction", d.direction}}, *d.loss);
  }
  out.counter("link_reordered", "frames", "overtook a frame that was sent before them");
  write_each(view, out, [](const LiveDirection& d) { return d.now.counters.reordered; });
  out.counter("link_changes", "", "live changes that have taken effect");
  write_each(view, out, [](const LiveDirection& d) { return d.now.changes; });
  out.summary("link_lateness", "seconds", "sent less due, of frames that were delivered");
  for (const LiveDirection& d : view.directions) {
    const results::Lateness& late = d.now.lateness;
    const std::pair<std::string_view, std::int64_t> quantiles[] = {
        {"0.5", late.p50_ns}, {"0.99", late.p99_ns}, {"0.999", late.p999_ns}, {"1", late.max_ns}};
    for (const auto& [quantile, ns] : quantiles) {
      out.sample("", {{"link", d.link}, {"direction", d.direction}, {"quantile", quantile}},
                 static_cast<double>(ns) * 1e-9);
    }
    out.sample("_count", {{"link", d.link}, {"direction", d.direction}}, late.frames);
  }
}

void write_emulator(const LiveView& view, Exposition& out) {
  out.counter("port", "frames", "through a port of the data plane; rx: from the host");
  for (const LivePort& p : view.ports) {
    out.sample({{"host", p.port.host}, {"way", "rx"}}, p.port.rx_frames);
    out.sample({{"host", p.port.host}, {"way", "tx"}}, p.port.tx_frames);
  }
  out.counter("port", "bytes", "through a port of the data plane; rx: from the host");
  for (const LivePort& p : view.ports) {
    out.sample({{"host", p.port.host}, {"way", "rx"}}, p.port.rx_bytes);
    out.sample({{"host", p.port.host}, {"way", "tx"}}, p.port.tx_bytes);
  }
  out.counter("port_steering", "frames",
              "that came in on a shared interface, by what its filter did with them");
  for (const LivePort& p : view.ports) {
    for (const auto& [outcome, frames] : p.port.steering)
      out.sample({{"host", p.port.host}, {"outcome", outcome}}, frames);
  }
  out.counter("port_pause", "frames", "PAUSE and PFC frames from the host");
  for (const LivePort& p : view.ports) out.sample({{"host", p.port.host}}, p.port.pause_frames);
  out.counter("emulator_lost", "frames",
              "lost by the emulator and not by the model: any makes a run INVALID");
  for (const LivePort& p : view.ports) {
    for (const auto& [place, frames] : p.port.losses) {
      if (!only_at_rest(place)) out.sample({{"port", p.port.host}, {"place", place}}, frames);
    }
  }
  out.counter("emulator_link_lost", "frames", "lost by the emulator on a link: any makes a run INVALID");
  for (const LiveDirection& d : view.directions) {
    out.sample({{"link", d.link}, {"direction", d.direction}, {"place", "store_full"}}, d.now.store_full);
    out.sample({{"link", d.link}, {"direction", d.direction}, {"place", "handover_full"}},
               d.now.handover_full);
  }
}

void write_lcores(const LiveView& view, Exposition& out) {
  const auto each = [&](auto&& figure) {
    for (std::size_t l = 0; l < view.lcores.size(); ++l) {
      const dataplane::LoopStatistics& loop = view.lcores[l].loop;
      out.sample({{"lcore", std::to_string(l)}, {"cpu", std::to_string(loop.cpu)}}, figure(loop));
    }
  };
  using Loop = dataplane::LoopStatistics;
  out.counter("lcore_turns", "", "turns of the loop");
  each([](const Loop& loop) { return loop.turns; });
  out.counter("lcore_gaps", "", "turns that took longer than 100 us without a sleep");
  each([](const Loop& loop) { return loop.gaps; });
  out.counter("lcore_gap", "seconds", "time of those turns");
  each([](const Loop& loop) { return loop.gap_time.to_seconds(); });
  out.counter("lcore_cpu", "seconds", "time on the CPU");
  each([](const Loop& loop) { return loop.cpu_time.to_seconds(); });
  out.counter("lcore_slept", "seconds", "time asleep");
  each([](const Loop& loop) { return loop.slept.to_seconds(); });
  out.gauge("lcore_longest_turn", "seconds", "so far");
  each([](const Loop& loop) { return loop.longest_turn.to_seconds(); });
}

}  // namespace

std::string open_metrics_text(const LiveView& view) {
  Exposition out;
  out.info("testbed", "what is standing");
  out.sample({{"run", view.run}}, 1);
  out.gauge("uptime", "seconds", "since the start of the data plane");
  out.sample({}, view.uptime.to_seconds());
  write_traffic(view, out, &core::Tally::frames, "frames");
  write_traffic(view, out, &core::Tally::bytes, "bytes");
  write_state(view, out);
  write_emulator(view, out);
  write_lcores(view, out);
  out.counter("samples_lost", "", "samples that were not taken in time");
  out.sample({}, view.samples_lost);
  return std::move(out).text();
}

}  // namespace longhaul::scenario
