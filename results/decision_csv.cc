// SPDX-License-Identifier: GPL-2.0-only
#include "results/decision_csv.h"

namespace longhaul::results {
namespace {

std::string_view cause_of(const core::Decision& decision) {
  if (decision.fate == core::Fate::kDropped) return name(static_cast<core::DropCause>(decision.cause));
  if (decision.fate == core::Fate::kMarked) return name(static_cast<core::MarkCause>(decision.cause));
  return {};
}

}  // namespace

DecisionCsv::DecisionCsv(const std::filesystem::path& path)
    : file_(path, "time_s,link,from,to,what,cause,stage,wave,position,bytes") {}

void DecisionCsv::write(std::string_view link, std::string_view from, std::string_view to,
                        const core::Decision& decision) {
  file_.seconds(decision.at.since_zero());
  for (const std::string_view text : {link, from, to, name(decision.fate), cause_of(decision)})
    file_.text(text);
  file_.text(decision.on_line ? "line" : "queue");
  if (decision.on_line) {
    file_.number(decision.wave);
  } else {
    file_.nothing();
  }
  file_.number(decision.position);
  file_.number(decision.size);
  file_.end_row();
  ++rows_;
}

}  // namespace longhaul::results
