// SPDX-License-Identifier: GPL-2.0-only
//
// Test helper: real longhaul-rank processes over loopback, their reports fed to a controller, everything with
// a deadline. The processes that are left are killed and reaped by the destructor. One thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "scenarios/model.h"
#include "scenarios/workloads/all_reduce_controller.h"

namespace longhaul::scenario {

// Path of the program under test, set by main().
extern std::string rank_program;

// An empty directory of its own, removed with all it holds.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A child process whose standard output is a pipe to us.
struct Child {
  pid_t pid = -1;
  int output = -1;
  std::string pending;  // the start of a line whose end has not come yet
};

// Starts `arguments`; throws std::runtime_error if that is not possible.
Child spawn(const std::vector<std::string>& arguments);

// Waits for data, appends it to child.pending; false at the end of the output or when nothing came before
// `deadline`.
bool read_some(Child& child, std::chrono::steady_clock::time_point deadline);

class RankProcesses {
 public:
  RankProcesses(const Collective& workload, std::size_t ranks, Duration timeout);
  ~RankProcesses();
  RankProcesses(const RankProcesses&) = delete;
  RankProcesses& operator=(const RankProcesses&) = delete;

  void start(std::size_t rank);
  void kill(std::size_t rank);

  // Feeds the controller until `condition` holds; false if `limit` passes or all processes end first.
  bool run_until(const std::function<bool()>& condition, std::chrono::seconds limit);
  // Feeds the controller until all processes that were started are gone; false if `limit` passes first.
  bool run_to_end(std::chrono::seconds limit);

  std::vector<std::string> arguments(std::size_t rank) const;
  AllReduceController& controller() { return controller_; }

 private:
  bool step(std::chrono::steady_clock::time_point deadline);
  void take_output(std::size_t rank);

  Collective workload_;
  Duration timeout_;
  TemporaryDirectory store_;
  std::vector<Child> children_;
  AllReduceController controller_;
};

}  // namespace longhaul::scenario
