// SPDX-License-Identifier: GPL-2.0-only
#include "results/background_csv.h"

#include <fmt/format.h>

namespace longhaul::results {

void BackgroundCsv::write(Duration since_start, std::string_view link, std::string_view from,
                          std::string_view to, const core::Background& background) {
  file_.seconds(since_start);
  for (const std::string_view text : {link, from, to}) file_.text(text);
  file_.text(fmt::format("{:.6f}", background.share_left));
  file_.text(fmt::format("{:.3f}", background.wait.to_seconds() * 1e6));
  file_.text(fmt::format("{:.3e}", background.loss));
  file_.text(fmt::format("{:.3e}", background.mark));
  file_.end_row();
}

}  // namespace longhaul::results
