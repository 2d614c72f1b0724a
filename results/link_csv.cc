// SPDX-License-Identifier: GPL-2.0-only
#include "results/link_csv.h"

#include <fmt/format.h>

namespace longhaul::results {
namespace {

// Causes that had their columns before all others, and keep them there.
constexpr std::size_t kFirstCauses = 2;
constexpr std::size_t kColumnsOfAClass = 5;

void add_tally(CsvFile& file, const core::Tally& tally) {
  file.number(tally.frames);
  file.number(tally.bytes);
}

void add_class(CsvFile& file, const core::ClassCounters& counters) {
  file.number(counters.in.frames);
  file.number(counters.dropped.frames);
  file.number(counters.marked);
  file.number(counters.queue_bytes);
  file.seconds(counters.paused);
}

std::string drop_columns(std::size_t first, std::size_t end) {
  std::string text;
  for (std::size_t i = first; i < end; ++i) {
    text += fmt::format(",frames_dropped_{0},bytes_dropped_{0}", name(static_cast<core::DropCause>(i)));
  }
  return text;
}

}  // namespace

std::string LinkCsv::header(std::size_t classes) {
  std::string text = "time_s,link,from,to,frames_in,bytes_in,frames_out,bytes_out";
  text += drop_columns(0, kFirstCauses);
  text += ",frames_held,bytes_held,queue_bytes,queue_peak_bytes";
  text += drop_columns(kFirstCauses, core::kDropCauses);
  text += ",frames_duplicated,bytes_duplicated";
  for (std::size_t i = 0; i < core::kMarkCauses; ++i) {
    text += fmt::format(",frames_marked_{0},bytes_marked_{0}", name(static_cast<core::MarkCause>(i)));
  }
  text += ",frames_corrupted,bytes_corrupted,frames_reordered";
  text += ",pause_xoff_sent,pause_xon_sent,pause_lost,pause_storms,pause_far_peak_bytes";
  for (std::size_t c = 0; classes > 1 && c < classes; ++c) {
    text += fmt::format(
        ",class{0}_frames_in,class{0}_frames_dropped,class{0}_frames_marked,class{0}_queue_bytes,"
        "class{0}_paused_s",
        c);
  }
  return text;
}

LinkCsv::LinkCsv(const std::filesystem::path& path, std::size_t classes)
    : file_(path, header(classes)), classes_(classes > 1 ? classes : 0) {}

void LinkCsv::write(Duration since_start, std::string_view link, std::string_view from, std::string_view to,
                    const core::LinkCounters& counters, std::size_t classes) {
  file_.seconds(since_start);
  for (const std::string_view text : {link, from, to}) file_.text(text);
  add_tally(file_, counters.in);
  add_tally(file_, counters.out);
  for (std::size_t i = 0; i < kFirstCauses; ++i) add_tally(file_, counters.dropped[i]);
  add_tally(file_, counters.held);
  file_.number(counters.queue_bytes);
  file_.number(counters.queue_peak_bytes);
  for (std::size_t i = kFirstCauses; i < core::kDropCauses; ++i) add_tally(file_, counters.dropped[i]);
  add_tally(file_, counters.duplicated);
  for (const core::Tally& cause : counters.marked) add_tally(file_, cause);
  add_tally(file_, counters.corrupted);
  file_.number(counters.reordered);
  const core::PauseCounters& pause = counters.pause;
  for (const std::uint64_t figure :
       {pause.xoff_sent, pause.xon_sent, pause.lost, pause.storms, pause.far_peak_bytes}) {
    file_.number(figure);
  }
  for (std::size_t c = 0; c < classes_; ++c) {
    if (c < classes) {
      add_class(file_, counters.classes[c]);
    } else {
      for (std::size_t i = 0; i < kColumnsOfAClass; ++i) file_.nothing();
    }
  }
  file_.end_row();
}

void LinkCsv::close() {
  file_.close();
}

}  // namespace longhaul::results
