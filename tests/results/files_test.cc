// SPDX-License-Identifier: GPL-2.0-only
#include "results/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "results/atomic_file.h"
#include "results/run_directory.h"
#include "tests/results/sample_record.h"
#include "tests/results/scratch.h"

namespace longhaul::results {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::contents;
using testing::sample_record;
using testing::Scratch;

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no error";
}

std::size_t entries(const fs::path& directory) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

TEST(AtomicFile, ReplacesAndLeavesNothingElse) {
  const Scratch scratch;
  write_whole_file(scratch.path() / "a.json", "first, and longer");
  write_whole_file(scratch.path() / "a.json", "second");
  EXPECT_EQ(contents(scratch.path() / "a.json"), "second");
  EXPECT_EQ(entries(scratch.path()), 1U);
}

TEST(AtomicFile, DirectoryThatIsNotThereOrIsAFile) {
  const Scratch scratch;
  EXPECT_EQ(error_of([] { write_whole_file("/nonexistent/a.json", "x"); }),
            "cannot write /nonexistent/a.json: No such file or directory");
  write_whole_file(scratch.path() / "file", "x");
  EXPECT_EQ(error_of([&] { write_whole_file(scratch.path() / "file" / "a.json", "x"); }),
            "cannot write " + (scratch.path() / "file" / "a.json").string() + ": Not a directory");
}

TEST(AtomicFile, RenameThatFailsLeavesNoTemporary) {
  const Scratch scratch;
  fs::create_directory(scratch.path() / "a.json");
  EXPECT_EQ(error_of([&] { write_whole_file(scratch.path() / "a.json", "x"); }),
            "cannot write " + (scratch.path() / "a.json").string() + ": Is a directory");
  EXPECT_EQ(entries(scratch.path()), 1U);
}

// A limit on the size of files cuts a write short in the middle, as a full disk does.
TEST(AtomicFile, WriteCutShortKeepsTheOldFile) {
  const Scratch scratch;
  const fs::path path = scratch.path() / "a.json";
  write_whole_file(path, "old");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string error = error_of([&] { write_whole_file(path, std::string(2000, 'x')); });
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(error, "cannot write " + path.string() + ": File too large");
  EXPECT_EQ(contents(path), "old");
  EXPECT_EQ(entries(scratch.path()), 1U);
}

TEST(Files, ManifestListsWhatIsThere) {
  const Scratch scratch;
  write_files(scratch.path(), sample_record());
  EXPECT_EQ(entries(scratch.path()), 3U);
  json manifest = json::parse(contents(scratch.path() / "manifest.json"));
  EXPECT_EQ(manifest["files"].size(), 3U);
  write_whole_file(scratch.path() / "links.csv", "");
  write_files(scratch.path(), sample_record());
  manifest = json::parse(contents(scratch.path() / "manifest.json"));
  EXPECT_EQ(manifest["files"].size(), 4U);
  EXPECT_EQ(manifest["files"][3]["name"], "links.csv");
  EXPECT_EQ(manifest["machine"]["cpu"], "2 cores of a \"virtual\" CPU");
  EXPECT_EQ(manifest["judgement"]["verdict"], "VALID");
}

TEST(Files, UnwritableDirectory) {
  EXPECT_EQ(error_of([] { write_files("/nonexistent", sample_record()); }),
            "cannot write /nonexistent/summary.json: No such file or directory");
}

TEST(Files, LiveChangesAreCountedAndTheFirstThousandListed) {
  RunRecord record = sample_record();
  for (int i = 0; i < 1'002; ++i) record.live_changes.add({0.25 * i, "wan: dark"});
  for (const json& file : {json::parse(summary_json(record)), json::parse(manifest_json(record, {}))}) {
    EXPECT_EQ(file["live_changes"]["count"], 1'002);
    EXPECT_EQ(file["live_changes"]["first"].size(), 1'000U);
    EXPECT_EQ(file["live_changes"]["first"][3], (json{{"at_s", 0.75}, {"text", "wan: dark"}}));
  }
}

TEST(Files, SummaryHoldsTheFigures) {
  RunRecord record = sample_record();
  record.collectives[1].predicted_us = 0;
  record.collectives[2].scheduled_us = 0;
  record.collectives[2].host_cpus_busy = std::nullopt;
  record.probes[0].received = 0;
  const std::uint64_t large = (std::uint64_t{1} << 63) + 1;
  record.directions[1].counters.in.bytes = large;
  RunRecord unknown = record;
  unknown.loops[0].run_delay_ms = std::nullopt;
  const json summary = json::parse(summary_json(record));
  EXPECT_EQ(summary["conserved"], false);
  EXPECT_EQ(summary["directions"][0]["conserved"], true);
  EXPECT_EQ(summary["directions"][1]["in"]["bytes"].get<std::uint64_t>(), large);
  EXPECT_EQ(summary["directions"][1]["dropped"]["queue_full"]["frames"], 17);
  EXPECT_EQ(summary["directions"][0]["lateness"]["p99_ns"], 31200);
  EXPECT_NEAR(summary["collectives"][0]["residual_percent"].get<double>(), 0.336, 1e-3);
  EXPECT_TRUE(summary["collectives"][1]["residual_percent"].is_null());
  EXPECT_EQ(summary["collectives"][1]["scheduled_us"], 40200.25);
  EXPECT_NEAR(summary["collectives"][1]["scheduled_residual_percent"].get<double>(), 0.697, 1e-3);
  EXPECT_TRUE(summary["collectives"][2]["scheduled_us"].is_null());
  EXPECT_EQ(summary["collectives"][1]["host_cpus_busy"], 0.254);
  EXPECT_TRUE(summary["collectives"][2]["host_cpus_busy"].is_null());
  EXPECT_TRUE(summary["collectives"][2]["scheduled_residual_percent"].is_null());
  EXPECT_TRUE(summary["probes"][0]["min_ms"].is_null());
  EXPECT_EQ(summary["ports"][3]["gone"], false);
  EXPECT_EQ(summary["lcores"][0]["away_ms"], 55.5);
  EXPECT_EQ(summary["lcores"][0]["steal_ms"], 30);
  EXPECT_EQ(summary["lcores"][0]["involuntary_switches"], 17);
  EXPECT_TRUE(json::parse(summary_json(unknown))["lcores"][0]["run_delay_ms"].is_null());
  EXPECT_EQ(summary["ports"][3]["losses"][0], (json{{"place", "rx_missed"}, {"frames", 0}}));
  EXPECT_EQ(summary["ports"][3]["steering"], json::array());
  const json eventful = json::parse(summary_json(testing::eventful_record()));
  EXPECT_EQ(eventful["ports"][2]["steering"][1], (json{{"outcome", "passed no_match"}, {"frames", 70}}));
}

TEST(Files, CollectivesAreAsNcclTestsWritesThem) {
  RunRecord record = sample_record();
  record.collectives[2].wrong = 12;
  const json file = json::parse(collectives_json(record));
  EXPECT_EQ(file["version"], 2);
  EXPECT_EQ(file["start_time"], "2025-11-21 03:25:52");
  EXPECT_EQ(file["end_time"], "2025-11-21 03:26:13");
  EXPECT_EQ(file["env"], json::array());
  EXPECT_EQ(file["config"]["step_factor"], 16);
  EXPECT_EQ(file["config"]["devices"][2]["hostname"], "atl-1");
  EXPECT_EQ(file["results"][0]["root"], "    -1");
  EXPECT_EQ(file["results"][0]["out_of_place"]["time"], 39912.25);
  EXPECT_EQ(file["results"][0]["out_of_place_per_iter"]["times_us"].size(), 5U);
  EXPECT_TRUE(file["results"][0]["in_place"].is_null());
  EXPECT_EQ(file["out_of_bounds"], (json{{"count", 12}, {"okay", "false"}}));
  EXPECT_EQ(file["average_bus_bandwidth"]["okay"], "unchecked");
}

TEST(Files, CollectivesSayHowSizesGrow) {
  const auto config_of = [](std::vector<std::uint64_t> sizes) {
    RunRecord record = sample_record();
    record.planned_sizes = std::move(sizes);
    return json::parse(collectives_json(record))["config"];
  };
  EXPECT_EQ(config_of({4, 8, 16})["step_factor"], 2);
  EXPECT_EQ(config_of({4, 8, 12})["step_bytes"], 4);
  EXPECT_EQ(config_of({4, 8, 9})["step_bytes"], 0);
  EXPECT_EQ(config_of({4})["step_bytes"], 0);
  EXPECT_FALSE(config_of({4, 8, 12}).contains("step_factor"));
  EXPECT_EQ(config_of({4, 8, 9})["maximum_bytes"], 9);
}

TEST(Files, BytesThatAreNotUtf8DoNotStopTheFile) {
  RunRecord record = sample_record();
  record.command_line.emplace_back("\xff\xfe");
  EXPECT_EQ(json::parse(manifest_json(record, {}))["command_line"][5], "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(RunDirectory, NamedByTimeAndNumberedOnCollision) {
  const Scratch scratch;
  const fs::path base = scratch.path() / "results" / "runs";
  const CalendarTime time = parse_iso8601_utc("2025-11-21T03:25:52Z");
  EXPECT_EQ(make_run_directory(base, "first-light", time), base / "first-light-20251121-032552");
  EXPECT_EQ(make_run_directory(base, "first-light", time), base / "first-light-20251121-032552-2");
  write_whole_file(base / "first-light-20251121-032552-3", "a file in the way");
  EXPECT_EQ(make_run_directory(base, "first-light", time), base / "first-light-20251121-032552-4");
  EXPECT_TRUE(fs::is_empty(base / "first-light-20251121-032552-4"));
}

TEST(RunDirectory, NamesStayInsideTheBase) {
  const Scratch scratch;
  const CalendarTime time = parse_iso8601_utc("2025-11-21T03:25:52Z");
  EXPECT_EQ(make_run_directory(scratch.path(), "../a b/c", time),
            scratch.path() / "-.-a-b-c-20251121-032552");
}

TEST(RunDirectory, BaseThatIsAFile) {
  const Scratch scratch;
  write_whole_file(scratch.path() / "file", "x");
  const std::string error =
      error_of([&] { make_run_directory(scratch.path() / "file", "a", CalendarTime()); });
  EXPECT_EQ(error, "cannot use " + (scratch.path() / "file").string() + " for results: Not a directory");
}

TEST(RunDirectory, OutMustBeEmptyOrAbsent) {
  const Scratch scratch;
  const fs::path out = scratch.path() / "a" / "b";
  make_out_directory(out);
  EXPECT_TRUE(fs::is_directory(out));
  make_out_directory(out);  // there and empty
  write_whole_file(out / "file", "x");
  EXPECT_EQ(error_of([&] { make_out_directory(out); }),
            "cannot use " + out.string() + " for results: it is not empty");
  EXPECT_EQ(error_of([&] { make_out_directory(out / "file"); }),
            "cannot use " + (out / "file").string() + " for results: it is not a directory");
}

}  // namespace
}  // namespace longhaul::results
