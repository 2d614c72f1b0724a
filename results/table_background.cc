// SPDX-License-Identifier: GPL-2.0-only
//
// The part of the report that comes from the model of background traffic.
#include <fmt/format.h>

#include "results/table.h"
#include "results/table_parts.h"
#include "results/text_layout.h"

namespace longhaul::results {
namespace {

std::string delays_text(const Delays& delays) {
  return fmt::format("P50 {:.3f}, P99 {:.3f}, most {:.3f} ms", static_cast<double>(delays.p50_ns) / 1e6,
                     static_cast<double>(delays.p99_ns) / 1e6, static_cast<double>(delays.max_ns) / 1e6);
}

}  // namespace

std::string background_table(const RunRecord& record) {
  if (!record.background) return "";
  const BackgroundResult& background = *record.background;
  TextGrid grid({{"link", "", Align::kLeft},
                 {"carried", "(%)"},
                 {"real", "(%)"},
                 {"left, mean", "(%)"},
                 {"least", "(%)"},
                 {"wait, mean", "(us)"},
                 {"most", "(us)"},
                 {"loss", "(%)"},
                 {"mark", "(%)"},
                 {"frames", "in the model"}});
  for (const BackgroundDirection& d : background.directions) {
    const auto percent = [](double share) { return fmt::format("{:.2f}", 100 * share); };
    grid.add({fmt::format("{}: {} -> {}", d.link, d.from, d.to), percent(d.carried), percent(d.real_load),
              percent(d.mean_share_left), percent(d.least_share_left), fmt::format("{:.1f}", d.mean_wait_us),
              fmt::format("{:.1f}", d.most_wait_us), percent(d.loss), percent(d.mark),
              fmt::format("{}", d.in_frames)});
  }
  return fmt::format(
      "# Background traffic, modelled by ns-3 at 1/{:g} of its rates, told every {:g} ms\n{}"
      "# Age of what frames met: {}; lag behind the clock: {}\n"
      "# The model took {:.2f} s of CPU for {:.1f} s\n",
      background.slow_down, background.interval_ms, grid.text(), delays_text(background.age),
      delays_text(background.lag), background.cpu_s, background.simulated_s);
}

std::string inline_table(const RunRecord& record) {
  if (!record.inline_links) return "";
  const InlineResult& links = *record.inline_links;
  return fmt::format(
      "# Links that real frames crossed in ns-3: {}; up to {:g} ms of their delay held by the data plane\n"
      "# Frames that entered: {}, came back: {} (and {} copies), dropped there: {}; packets of others: {}\n"
      "# Lag behind the clock: {}; {} events took {:.2f} s of CPU for {:.1f} s\n",
      fmt::join(links.links, ", "), links.hold_ms, links.entered, links.delivered, links.copies, links.gone,
      links.background, delays_text(links.lag), links.events, links.cpu_s, links.simulated_s);
}

}  // namespace longhaul::results
