// SPDX-License-Identifier: GPL-2.0-only
//
// longhaul-rank: one rank of an all-reduce over TCP. Reports on standard output (rank_protocol.h); exits with
// 0 after "done", with 1 after "error", and at once when its parent is gone or nobody reads its output any
// more.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include "scenarios/workloads/rank_group.h"
#include "scenarios/workloads/rank_options.h"
#include "scenarios/workloads/rank_protocol.h"
#include "scenarios/workloads/rank_run.h"

namespace {

using longhaul::scenario::RankError;
using longhaul::scenario::RankReport;

int report_fd = -1;  // global for the terminate handler only

// Takes standard output for the protocol alone: what a library prints there goes to standard error from now
// on.
int claim_standard_output() {
  const int claimed = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (claimed < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
    throw std::runtime_error(std::string("take standard output for reports: ") + std::strerror(errno));
  }
  return claimed;
}

void write_report(const RankReport& report) {
  const std::string line = longhaul::scenario::to_line(report);
  std::size_t written = 0;
  while (written < line.size()) {
    const ssize_t n = write(report_fd, line.data() + written, line.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(EXIT_FAILURE);  // the reader is gone, so there is nobody to tell
    written += static_cast<std::size_t>(n);
  }
}

// An exception in one of Gloo's threads ends the process; say why before it does.
[[noreturn]] void report_and_terminate() {
  std::string what = "terminated";
  try {
    if (const auto current = std::current_exception()) std::rethrow_exception(current);
  } catch (const std::exception& error) {
    what = longhaul::scenario::tidy(error.what());
  } catch (...) {
    what = "unknown exception";
  }
  write_report(RankError{what});
  _exit(EXIT_FAILURE);
}

// PR_SET_PDEATHSIG would not do: it fires when the parent's thread ends, though the parent lives on.
void exit_when_orphaned(pid_t parent) {
  constexpr int kParentCheckMs = 500;
  std::thread([parent] {
    while (getppid() == parent) {
      pollfd output{report_fd, 0, 0};
      if (poll(&output, 1, kParentCheckMs) > 0) break;  // POLLERR: no reader is left
    }
    _exit(EXIT_FAILURE);
  }).detach();
}

int run(int argc, char** argv, pid_t parent) {
  const auto options = longhaul::scenario::parse_rank_options(argc, argv);
  if (!options) return EXIT_SUCCESS;
  report_fd = claim_standard_output();
  std::set_terminate(report_and_terminate);
  exit_when_orphaned(parent);
  longhaul::scenario::RankGroup group(*options);
  longhaul::scenario::run_rank(*options, group, write_report);
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  const pid_t parent = getppid();
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return run(argc, argv, parent);
  } catch (const std::exception& error) {
    if (report_fd < 0) report_fd = STDOUT_FILENO;
    write_report(RankError{error.what()});
    return EXIT_FAILURE;
  }
}
