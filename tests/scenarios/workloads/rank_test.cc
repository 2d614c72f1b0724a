// SPDX-License-Identifier: GPL-2.0-only
//
// longhaul-rank as a whole: real processes, real TCP, over loopback. Arguments: path of longhaul-rank.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <tuple>

#include "scenarios/workloads/rank_protocol.h"
#include "tests/scenarios/workloads/rank_processes.h"

namespace longhaul::scenario {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Collective workload_of(Algorithm algorithm, std::vector<Bytes> sizes, std::uint32_t iterations) {
  Collective workload;
  workload.algorithm = algorithm;
  workload.sizes = std::move(sizes);
  workload.warmup = 2;
  workload.iterations = iterations;
  return workload;
}

const std::string& name_of(Algorithm algorithm) {
  static const std::string names[] = {"Ring", "HalvingDoubling"};
  return names[static_cast<std::size_t>(algorithm)];
}

class SumsAreRight : public ::testing::TestWithParam<std::tuple<Algorithm, std::size_t>> {};

// 4 B and 4,100 B: fewer elements than ranks, and a number that no number of ranks here divides.
TEST_P(SumsAreRight, ForEverySize) {
  const auto [algorithm, ranks] = GetParam();
  const Collective workload = workload_of(
      algorithm, {Bytes(4), Bytes(4096), Bytes(4108), Bytes(65536), Bytes(262'144), Bytes(1'048'576)}, 3);
  RankProcesses processes(workload, ranks, Duration::seconds(30));
  for (std::size_t r = 0; r < ranks; ++r) processes.start(r);
  ASSERT_TRUE(processes.run_to_end(seconds(60)));
  ASSERT_TRUE(processes.controller().all_done()) << processes.controller().failure();
  const auto results = processes.controller().results();
  ASSERT_EQ(results.size(), workload.sizes.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].size_bytes, workload.sizes[i].count());
    EXPECT_EQ(results[i].wrong, 0U) << results[i].size_bytes;
    EXPECT_GT(results[i].time_us, 0) << results[i].size_bytes;
    EXPECT_EQ(results[i].times_us.size(), 3U);
  }
}

INSTANTIATE_TEST_SUITE_P(Loopback, SumsAreRight,
                         ::testing::Combine(::testing::Values(Algorithm::kRing, Algorithm::kHalvingDoubling),
                                            ::testing::Values(2, 3, 4)),
                         [](const auto& row) {
                           return name_of(std::get<0>(row.param)) + std::to_string(std::get<1>(row.param));
                         });

class RankFailure : public ::testing::TestWithParam<Algorithm> {};

// More iterations than can end before the kill.
Collective endless(Algorithm algorithm) {
  return workload_of(algorithm, {Bytes(65536)}, 1'000'000);
}

// The closed connections tell most ranks at once; one whose data is queued for the killed rank may hear
// nothing from Gloo until its time-out of 3 s.
TEST_P(RankFailure, AKilledRankEndsTheRunAndIsNamed) {
  RankProcesses processes(endless(GetParam()), 4, Duration::seconds(3));
  for (std::size_t r = 0; r < 4; ++r) processes.start(r);
  const auto under_way = [&] {
    const RankProgress slowest = processes.controller().progress().current;
    return slowest.phase == Phase::kTimed && slowest.iteration > 0;
  };
  ASSERT_TRUE(processes.run_until(under_way, seconds(30))) << processes.controller().failure();
  processes.kill(2);
  ASSERT_TRUE(processes.run_to_end(seconds(15)));
  EXPECT_THAT(
      processes.controller().failure(),
      AllOf(HasSubstr("rank 2 (host host-2): ended early (killed by signal 9), at 65536 B, timed iteration"),
            HasSubstr("3 more ranks failed too")));
}

INSTANTIATE_TEST_SUITE_P(Loopback, RankFailure,
                         ::testing::Values(Algorithm::kRing, Algorithm::kHalvingDoubling),
                         [](const auto& row) { return name_of(row.param); });

TEST(RankFailure, AStoppedRankIsATimeout) {
  RankProcesses processes(endless(Algorithm::kRing), 2, Duration::seconds(1));
  processes.start(0);
  const Child stopped = spawn(processes.arguments(1));
  const auto connected = [&] { return processes.controller().progress().ranks_ready > 0; };
  // Rank 0 is the only one that the controller hears, so "ready" is its own word.
  const bool ready =
      processes.run_until([&] { return connected() || processes.controller().failed(); }, seconds(30));
  EXPECT_TRUE(ready && connected()) << processes.controller().failure();
  EXPECT_EQ(kill(stopped.pid, SIGSTOP), 0);
  EXPECT_TRUE(processes.run_to_end(seconds(15)));
  EXPECT_THAT(processes.controller().failure(),
              AllOf(HasSubstr("rank 0 (host host-0): "), HasSubstr("imed out"), Not(HasSubstr(".cc:"))));
  kill(stopped.pid, SIGKILL);
  waitpid(stopped.pid, nullptr, 0);
  close(stopped.output);
}

TEST(RankFailure, AMissingRankIsATimeoutThatNamesIt) {
  RankProcesses processes(workload_of(Algorithm::kRing, {Bytes(4096)}, 1), 4, Duration::seconds(1));
  for (std::size_t r = 0; r < 3; ++r) processes.start(r);
  ASSERT_TRUE(processes.run_to_end(seconds(10)));
  EXPECT_THAT(processes.controller().failure(),
              AllOf(HasSubstr("cannot connect to the others over lo"), HasSubstr("Wait timeout"),
                    HasSubstr("2 more ranks failed too"),
                    HasSubstr("nothing was heard from rank 3 (host host-3)"), Not(HasSubstr(".cc:"))));
}

TEST(RankFailure, ARunIdUsedBeforeIsRefused) {
  RankProcesses processes(workload_of(Algorithm::kRing, {Bytes(4096)}, 1), 2, Duration::seconds(5));
  for (int run = 0; run < 2; ++run) {
    processes.start(0);
    processes.start(1);
    ASSERT_TRUE(processes.run_to_end(seconds(20)));
    ASSERT_EQ(processes.controller().failed(), run == 1) << processes.controller().failure();
  }
}

std::string output_of(const std::vector<std::string>& arguments, int& status) {
  Child child = spawn(arguments);
  const auto deadline = std::chrono::steady_clock::now() + seconds(10);
  while (read_some(child, deadline)) {
  }
  kill(child.pid, SIGKILL);  // no effect on one that has ended by itself
  waitpid(child.pid, &status, 0);
  close(child.output);
  return child.pending;
}

struct BadOption {
  const char* option;  // in place of the right one of that name, or added
  const char* expected;
};

class BadOptions : public ::testing::TestWithParam<BadOption> {};

TEST_P(BadOptions, AreReportedInOneLine) {
  const std::string option = GetParam().option;
  const std::string name = option.substr(0, option.find('=') + 1);
  const RankProcesses group(workload_of(Algorithm::kRing, {Bytes(4096)}, 1), 2, Duration::seconds(2));
  std::vector<std::string> arguments = group.arguments(0);
  std::erase_if(arguments,
                [&](const std::string& argument) { return !name.empty() && argument.starts_with(name); });
  arguments.push_back(option);
  int status = 0;
  const std::string output = output_of(arguments, status);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
  const auto error = std::get<RankError>(parse_report(output));
  EXPECT_THAT(error.what, HasSubstr(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadOptions,
    ::testing::Values(
        BadOption{"--rank=2", "--rank: '2' is not a whole number from 0 to 1"},
        BadOption{"--rank=-1", "--rank: '-1'"}, BadOption{"--size=1", "--size: '1'"},
        BadOption{"--size=2000", "--size: '2000'"},
        BadOption{"--sizes=4096,4098", "4098 is not a multiple of 4"},
        BadOption{"--sizes=4096,", "--sizes: ''"}, BadOption{"--sizes=0", "--sizes: '0'"},
        BadOption{"--sizes=2147483648", "--sizes: '2147483648'"}, BadOption{"--sizes=4k", "--sizes: '4k'"},
        BadOption{"--algorithm=tree", "--algorithm: 'tree' is not ring or halving-doubling"},
        BadOption{"--iterations=0", "--iterations: '0'"}, BadOption{"--timeout-ms=0", "--timeout-ms: '0'"},
        BadOption{"--interface=nosuch0", "nosuch0"}, BadOption{"--store=/nonexistent", "/nonexistent"},
        BadOption{"--colour=blue", "colour"}, BadOption{"extra", "positional"}));

TEST(RankOptions, AllAreRequired) {
  int status = 0;
  const auto error = std::get<RankError>(parse_report(output_of({rank_program}, status)));
  EXPECT_THAT(error.what, HasSubstr("is required but missing"));
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << status;
}

TEST(RankOptions, HelpIsForPeople) {
  int status = 0;
  EXPECT_THAT(output_of({rank_program, "--help"}, status), HasSubstr("--timeout-ms"));
  EXPECT_EQ(status, 0);
}

TEST(RankOrphan, LeavesWhenNobodyReadsItsOutput) {
  const RankProcesses group(endless(Algorithm::kRing), 2, Duration::seconds(60));
  const Child child = spawn(group.arguments(0));  // waits a minute for rank 1
  close(child.output);
  const auto deadline = std::chrono::steady_clock::now() + seconds(10);
  int status = 0;
  pid_t reaped = 0;
  while (reaped == 0 && std::chrono::steady_clock::now() < deadline) {
    reaped = waitpid(child.pid, &status, WNOHANG);
    std::this_thread::yield();
  }
  if (reaped == 0) {
    kill(child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
  }
  EXPECT_EQ(reaped, child.pid);
  EXPECT_TRUE(WIFEXITED(status)) << status;
}

// The parent is a shell that starts the rank in the background and waits; the rank's output outlives the
// shell.
TEST(RankOrphan, LeavesWhenItsParentDies) {
  RankProcesses processes(endless(Algorithm::kRing), 2, Duration::seconds(60));
  std::vector<std::string> arguments{"/bin/sh", "-c", "\"$@\" & wait", "sh"};
  for (const std::string& argument : processes.arguments(0)) arguments.push_back(argument);
  Child shell = spawn(arguments);
  processes.start(1);
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  while (shell.pending.find("ready") == std::string::npos && read_some(shell, deadline)) {
  }
  ASSERT_THAT(shell.pending, HasSubstr("ready"));
  kill(shell.pid, SIGKILL);
  waitpid(shell.pid, nullptr, 0);
  while (read_some(shell, deadline)) {  // ends at the end of output, so when the rank is gone
  }
  EXPECT_LT(std::chrono::steady_clock::now(), deadline);
  close(shell.output);
  EXPECT_TRUE(processes.run_to_end(seconds(10)));
  EXPECT_THAT(processes.controller().failure(), HasSubstr("rank 1 (host host-1): all-reduce of 65536 B"));
}

bool loopback_is_up() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return false;
  bool up = false;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    up = up || (std::string(entry->ifa_name) == "lo" && (entry->ifa_flags & IFF_UP) != 0 &&
                entry->ifa_addr != nullptr && entry->ifa_addr->sa_family == AF_INET);
  }
  freeifaddrs(list);
  return up;
}

}  // namespace
}  // namespace longhaul::scenario

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " PATH-OF-LONGHAUL-RANK\n";
    return 2;
  }
  longhaul::scenario::rank_program = argv[1];
  if (!longhaul::scenario::loopback_is_up()) {
    std::cerr << "skipped: interface lo is down or has no IPv4 address\n";
    return 77;
  }
  return RUN_ALL_TESTS();
}
