// SPDX-License-Identifier: GPL-2.0-only
#include "results/files.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>

#include "results/atomic_file.h"
#include "results/json_text.h"

namespace longhaul::results {

using Json = nlohmann::ordered_json;

std::string manifest_json(const RunRecord& record, const std::vector<FileEntry>& files) {
  Json machine = Json::object();
  for (const auto& [fact, value] : record.machine) machine[fact] = value;
  Json listed = Json::array();
  for (const FileEntry& file : files) listed.push_back({{"name", file.name}, {"format", file.format}});
  Json ranks = Json::array();
  for (const RankResult& rank : record.rank_processes)
    ranks.push_back({{"host", rank.host}, {"pid", rank.pid}});
  return to_text({{"format", kFormat},
                  {"name", record.name},
                  {"judgement", to_json(record.judgement)},
                  {"longhaul", {{"version", record.version}, {"revision", record.revision}}},
                  {"command_line", record.command_line},
                  {"seed", record.seed},
                  {"started_utc", record.started_utc},
                  {"elapsed_s", record.elapsed_s},
                  {"ranks", ranks},
                  {"machine", machine},
                  {"scenario_yaml", record.scenario_yaml},
                  {"topology_yaml", record.topology_yaml},
                  {"live_changes", to_json(record.live_changes)},
                  {"files", listed}});
}

void write_files(const std::filesystem::path& directory, const RunRecord& record) {
  write_whole_file(directory / "summary.json", summary_json(record));
  std::vector<FileEntry> files{{"manifest.json", kFormat}, {"summary.json", kFormat}};
  if (!is_of_flows(record)) {
    write_whole_file(directory / "collectives.json", collectives_json(record));
    files.push_back({"collectives.json", kNcclTestsFormat});
  }
  if (!record.workload_flows.empty()) {
    write_whole_file(directory / "workload_flows.json", workload_flows_json(record.workload_flows));
    files.push_back({"workload_flows.json", kFormat});
  }
  std::error_code ignored;
  for (const char* name : {"links.csv", "background.csv", "flows.csv", "decisions.csv"}) {
    if (std::filesystem::exists(directory / name, ignored)) files.push_back({name, kFormat});
  }
  write_whole_file(directory / "manifest.json", manifest_json(record, files));
}

void judge_and_write(const std::filesystem::path& directory, RunRecord& record,
                     const std::function<Judgement(const RunRecord&)>& judge) {
  record.judgement = judge(record);
  try {
    write_files(directory, record);
  } catch (const std::runtime_error& error) {
    record.unwritten.push_back(error.what());
    record.judgement = judge(record);
  }
}

}  // namespace longhaul::results
