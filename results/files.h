// SPDX-License-Identifier: GPL-2.0-only
//
// The JSON files that a run leaves in its directory, described by results/schemas/*.schema.json:
//   manifest.json     what was run and where, and the verdict
//   summary.json      what was measured, with prediction and residual
//   collectives.json  the collectives as nccl-tests writes them with -J (file version 2), for its users'
//   tools; a workload of flows has none
//   workload_flows.json  flows and background traffic that were simulated, if any (workload_flows.h)
// links.csv, the time series, flows.csv and decisions.csv are written by the run itself (link_csv.h,
// flow_csv.h, decision_csv.h). No file holds the environment of a process: it may have secrets.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "results/run_record.h"

namespace longhaul::results {

// Of all files but collectives.json; rises when a reader of the last version would go wrong.
inline constexpr int kFormat = 1;
inline constexpr int kNcclTestsFormat = 2;  // JSON_FILE_VERSION of nccl-tests, which collectives.json follows

// Writes those that the run has into `directory`, each whole or not at all, the manifest last: where it is,
// the run is complete. Throws std::runtime_error with path and reason in one line.
void write_files(const std::filesystem::path& directory, const RunRecord& record);

// Judges the record and writes its files. One that cannot be written is named in `record.unwritten`, and the
// record is judged again.
void judge_and_write(const std::filesystem::path& directory, RunRecord& record,
                     const std::function<Judgement(const RunRecord&)>& judge);

struct FileEntry {  // of manifest.json's list
  std::string name;
  int format = kFormat;
};

// The text of each file. Doubles that are not finite become null; bytes that are not UTF-8 become U+FFFD.
std::string manifest_json(const RunRecord& record, const std::vector<FileEntry>& files);
std::string summary_json(const RunRecord& record);
std::string collectives_json(const RunRecord& record);

}  // namespace longhaul::results
