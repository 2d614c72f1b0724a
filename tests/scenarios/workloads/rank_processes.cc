// SPDX-License-Identifier: GPL-2.0-only
#include "tests/scenarios/workloads/rank_processes.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "scenarios/workloads/rank_command.h"

namespace longhaul::scenario {
namespace {

using Clock = std::chrono::steady_clock;

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

std::vector<std::string> host_names(std::size_t ranks) {
  std::vector<std::string> names;
  for (std::size_t r = 0; r < ranks; ++r) names.push_back("host-" + std::to_string(r));
  return names;
}

}  // namespace

std::string rank_program;

TemporaryDirectory::TemporaryDirectory() {
  path_ = (std::filesystem::temp_directory_path() / "longhaul-rank-test-XXXXXX").string();
  if (mkdtemp(path_.data()) == nullptr)
    throw std::runtime_error("mkdtemp " + path_ + ": " + std::strerror(errno));
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Child spawn(const std::vector<std::string>& arguments) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (pid == 0) {
    dup2(ends[1], STDOUT_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(ends[1]);
  return {pid, ends[0], {}};
}

bool read_some(Child& child, Clock::time_point deadline) {
  pollfd ready{child.output, POLLIN, 0};
  if (poll(&ready, 1, milliseconds_until(deadline)) <= 0) return false;
  std::array<char, 4096> data{};
  const ssize_t n = read(child.output, data.data(), data.size());
  if (n <= 0) return false;
  child.pending.append(data.data(), static_cast<std::size_t>(n));
  return true;
}

RankProcesses::RankProcesses(const Collective& workload, std::size_t ranks, Duration timeout)
    : workload_(workload), timeout_(timeout), children_(ranks), controller_(workload, host_names(ranks)) {}

RankProcesses::~RankProcesses() {
  for (Child& child : children_) {
    if (child.pid < 0) continue;
    ::kill(child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
    close(child.output);
  }
}

std::vector<std::string> RankProcesses::arguments(std::size_t rank) const {
  return rank_arguments(workload_, {.program = rank_program,
                                    .rank = rank,
                                    .ranks = children_.size(),
                                    .interface = "lo",
                                    .store = store_.path(),
                                    .run_id = "test",
                                    .timeout = timeout_});
}

void RankProcesses::start(std::size_t rank) {
  children_.at(rank) = spawn(arguments(rank));
}

void RankProcesses::kill(std::size_t rank) {
  ::kill(children_.at(rank).pid, SIGKILL);
}

bool RankProcesses::run_until(const std::function<bool()>& condition, std::chrono::seconds limit) {
  const auto deadline = Clock::now() + limit;
  while (!condition()) {
    if (!step(deadline)) return false;
  }
  return true;
}

bool RankProcesses::run_to_end(std::chrono::seconds limit) {
  const auto gone = [this] {
    return std::all_of(children_.begin(), children_.end(), [](const Child& child) { return child.pid < 0; });
  };
  return run_until(gone, limit);
}

bool RankProcesses::step(Clock::time_point deadline) {
  std::vector<pollfd> outputs;
  std::vector<std::size_t> ranks;
  for (std::size_t r = 0; r < children_.size(); ++r) {
    if (children_[r].pid < 0) continue;
    outputs.push_back({children_[r].output, POLLIN, 0});
    ranks.push_back(r);
  }
  if (outputs.empty() || poll(outputs.data(), outputs.size(), milliseconds_until(deadline)) <= 0)
    return false;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].revents != 0) take_output(ranks[i]);
  }
  return Clock::now() < deadline;
}

void RankProcesses::take_output(std::size_t rank) {
  Child& child = children_[rank];
  if (!read_some(child, Clock::now())) {
    int status = 0;
    waitpid(child.pid, &status, 0);
    close(child.output);
    child = Child{};
    controller_.ended(rank, status);
    return;
  }
  for (std::size_t end = child.pending.find('\n'); end != std::string::npos; end = child.pending.find('\n')) {
    controller_.line(rank, std::string_view(child.pending).substr(0, end + 1));
    child.pending.erase(0, end + 1);
  }
}

}  // namespace longhaul::scenario
