// SPDX-License-Identifier: GPL-2.0-only
//
// Runs scenarios in virtual time and looks at the files that they leave. Each test has a directory, which
// goes with it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/load.h"
#include "scenarios/simulate/simulate.h"
#include "tests/topologies/corpus.h"

namespace longhaul::scenario {

using Changes = std::vector<std::pair<std::string, std::string>>;

class Simulate : public ::testing::Test {
 protected:
  Simulate() : base_(make_directory()) {}
  ~Simulate() override { std::filesystem::remove_all(base_); }

  RunOutcome run(const Scenario& scenario, const std::string& name = "run", RunOptions options = {}) {
    options.out = base_ / name;
    options.version = "1", options.revision = "test";
    return simulate(
        scenario, options, [](const std::string&, Lasting) {}, [this] { return interrupted_; });
  }
  std::map<std::string, std::string> files(const std::string& name) const {
    std::map<std::string, std::string> texts;
    for (const auto& entry : std::filesystem::directory_iterator(base_ / name)) {
      std::ifstream in(entry.path(), std::ios::binary);
      texts[entry.path().filename()] = {std::istreambuf_iterator<char>(in), {}};
    }
    return texts;
  }
  std::filesystem::path path(const std::string& name) const { return base_ / name; }
  bool exists(const std::string& name) const { return std::filesystem::exists(path(name)); }
  bool interrupted_ = false;

 private:
  static std::filesystem::path make_directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "simulate-XXXXXX").string();
    return mkdtemp(pattern.data());
  }
  std::filesystem::path base_;
};

inline Scenario from_library(const std::string& name, const Changes& changes) {
  const Library library{test::in_project("topologies/library"), test::in_project("scenarios/library")};
  std::vector<topology::Override> overrides;
  for (const auto& [key, value] : changes) overrides.push_back({key, value, key + "=" + value});
  return load(name, library, overrides);
}

inline Scenario first_light(const Changes& changes) {
  return from_library("first-light", changes);
}

}  // namespace longhaul::scenario
