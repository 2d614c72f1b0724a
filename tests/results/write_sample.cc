// SPDX-License-Identifier: GPL-2.0-only
//
// Writes the files of the made-up run into the directory named on the command line and prints its report, for
// the test of the schemas.
#include <exception>
#include <filesystem>
#include <iostream>

#include "results/atomic_file.h"
#include "results/background_csv.h"
#include "results/comparison.h"
#include "results/decision_csv.h"
#include "results/files.h"
#include "results/flow_csv.h"
#include "results/link_csv.h"
#include "results/table.h"
#include "results/workload_flows.h"
#include "tests/results/sample_record.h"

int main(int argc, char** argv) {
  using namespace longhaul;
  if (argc != 2) {
    std::cerr << "usage: write_sample DIRECTORY\n";
    return 2;
  }
  try {
    const std::filesystem::path directory = argv[1];
    results::RunRecord record = results::testing::eventful_record();
    // Of both forms, so that all keys are there.
    results::WorkloadFlow flow{"bulk-copy", "atl0", "mtp0", "poisson", 0.5, {}, {}};
    flow.frames = {
        {12, 18'000}, {11, 16'500}, 1, results::WorkloadFlow::Frames::Delay{6'640.5, 6'700, 6'712}};
    flow.transfer = {1'000'000, 999'999, 12'500.0, 11'000.0};
    record.workload_flows = {flow};
    results::LinkCsv csv(directory / "links.csv", 2);
    for (int sample = 1; sample <= 3; ++sample) {
      for (const results::DirectionResult& direction : record.directions) {
        csv.write(Duration::milliseconds(10 * sample), direction.link, direction.from, direction.to,
                  direction.counters, direction.classes);
      }
    }
    csv.close();
    results::BackgroundCsv background(directory / "background.csv");
    background.write(Duration::milliseconds(10), "wan", "Atlanta", "Mount Pleasant",
                     {0.4, Duration::nanoseconds(12'345), 1.5e-3, 0.25});
    background.close();
    results::DecisionCsv decisions(directory / "decisions.csv");
    decisions.write("wan", "Atlanta", "Mount Pleasant", {{}, 0, 1'514});
    decisions.write("wan", "Atlanta", "Mount Pleasant", {{}, 1, 1'514, 0, core::Fate::kMarked});
    decisions.close();
    results::write_flow_csv(directory / "flows.csv", record.host_probes.flows);
    results::write_files(directory, record);
    results::write_whole_file(directory / "comparison.json", results::comparison_json({record, record}));
    std::cout << results::report_text(record, results::Colour::kNever);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
