// SPDX-License-Identifier: GPL-2.0-only
#include "nic/command.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

#include "tests/nic/temporary_directory.h"

namespace longhaul::nic {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

Command shell(const std::string& script) {
  return {.argv = {"sh", "-c", script}};
}

std::string message_of(const auto& work) {
  try {
    work();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(RunCommand, GivesOutputErrorAndStatus) {
  const CommandResult result = run_command(shell("echo out; echo err >&2; exit 3"), 10s);
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(result.error_tail, "err\n");
  EXPECT_EQ(result.status.code, 3);
  EXPECT_EQ(result.status.describe(), "exited with 3");
  EXPECT_FALSE(result.timed_out);
}

TEST(RunCommand, PassesArgumentsAsTheyAre) {
  EXPECT_EQ(run_command({.argv = {"printf", "%s|", "a b", "$HOME", "*", ""}}, 10s).output, "a b|$HOME|*||");
}

TEST(RunCommand, FeedsInputLargerThanAPipe) {
  const std::string input(300'000, 'x');
  EXPECT_EQ(run_command({.argv = {"cat"}, .input = input}, 10s).output, input);
}

TEST(RunCommand, GivesNoInputUnlessTold) {
  EXPECT_EQ(run_command({.argv = {"cat"}}, 10s).output, "");
}

TEST(RunCommand, KeepsTheEndOfALongErrorText) {
  const CommandResult result =
      run_command(shell("i=0; while [ $i -lt 3000 ]; do echo line $i >&2; i=$((i+1)); done"), 30s);
  EXPECT_EQ(result.error_tail.size(), 8192U);
  EXPECT_TRUE(result.error_tail.ends_with("line 2999\n"));
}

TEST(RunCommand, EndsAProgramAtTheDeadlineEvenIfItNeverStopsWriting) {
  const auto start = std::chrono::steady_clock::now();
  const CommandResult result = run_command(shell("while :; do echo y; done"), 200ms);
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.status.signal, SIGTERM);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 20s);
}

TEST(RunCommand, AddsToTheEnvironmentAndReplacesInIt) {
  ::setenv("LONGHAUL_TEST_KEPT", "kept", 1);
  ::setenv("LONGHAUL_TEST", "old", 1);
  Command command = shell("echo $LONGHAUL_TEST $LONGHAUL_TEST_KEPT");
  command.environment = {"LONGHAUL_TEST=new"};
  EXPECT_EQ(run_command(command, 10s).output, "new kept\n");
}

TEST(RunCommand, RunsOnTheGivenCore) {
  cpu_set_t ours;
  CPU_ZERO(&ours);
  ASSERT_EQ(::sched_getaffinity(0, sizeof(ours), &ours), 0);
  unsigned last = 0;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &ours)) last = cpu;
  Command command = shell("grep Cpus_allowed_list /proc/self/status");
  command.cpus = {last};
  EXPECT_EQ(run_command(command, 10s).output, "Cpus_allowed_list:\t" + std::to_string(last) + "\n");
}

TEST(RunCommand, LeavesNoDescriptorOfOursOpenInTheChild) {
  const int leaky = ::open("/dev/null", O_RDONLY);  // not close-on-exec
  ASSERT_GE(leaky, 0);
  const std::string output = run_command(shell("ls /proc/$$/fd"), 10s).output;
  ::close(leaky);
  EXPECT_THAT(output, HasSubstr("2\n"));
  EXPECT_THAT(output, Not(HasSubstr(std::to_string(leaky) + "\n")));
}

TEST(RunCommand, GivesTheChildACleanSignalState) {
  struct sigaction ignore {
  }, before{};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  const std::string output = run_command(shell("grep -E 'SigBlk|SigIgn' /proc/self/status"), 10s).output;
  ::sigaction(SIGPIPE, &before, nullptr);
  EXPECT_EQ(output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST(RunOrThrow, SaysInOneLineWhatWasAttemptedAndWhy) {
  EXPECT_EQ(run_or_throw(shell("echo fine"), 10s, "greet"), "fine\n");
  EXPECT_EQ(message_of([] {
              run_or_throw(shell("echo no such thing >&2; echo more >&2; exit 2"), 10s, "fetch it");
            }),
            "cannot fetch it: `sh` exited with 2: no such thing");
  EXPECT_EQ(message_of([] { run_or_throw(shell("kill -9 $$"), 10s, "live"); }),
            "cannot live: `sh` was killed by signal 9 (Killed)");
  EXPECT_EQ(message_of([] { run_or_throw(shell("while :; do :; done"), 100ms, "end"); }),
            "cannot end: `sh` did not end in time");
}

TEST(RunOrThrow, NamesAProgramThatIsMissingOrCannotStart) {
  EXPECT_EQ(message_of([] { run_or_throw({.argv = {"no-such-program-here"}}, 10s, "x"); }),
            "cannot run `no-such-program-here`: no such program in PATH");
  const TemporaryDirectory directory;
  directory.write("broken",
                  "\x7f"
                  "ELF nonsense");
  const std::string broken = (directory.path() / "broken").string();
  ::chmod(broken.c_str(), 0755);
  EXPECT_EQ(message_of([&] { run_or_throw({.argv = {broken}}, 10s, "x"); }),
            "cannot run `" + broken + "`: execve: Exec format error");
  const int not_a_namespace = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_THAT(
      message_of([&] { run_or_throw({.argv = {"true"}, .network_namespace = not_a_namespace}, 10s, "x"); }),
      HasSubstr("cannot run `true`: setns: "));
  ::close(not_a_namespace);
}

TEST(Child, GivesLinesAsTheyComeAndTheLastOneWithoutNewline) {
  Child child({.argv = {"sh", "-c", "echo one; echo two; printf three"}});
  EXPECT_EQ(child.read_line(10s), "one");
  EXPECT_EQ(child.read_line(10s), "two");
  EXPECT_EQ(child.read_line(10s), "three");
  EXPECT_EQ(child.read_line(10s), std::nullopt);
  EXPECT_TRUE(child.output_ended());
  EXPECT_TRUE(child.wait(10s).value().success());
}

TEST(Child, HoldsBackHalfALine) {
  const TemporaryDirectory directory;
  const std::string gate = (directory.path() / "gate").string();
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  Child child(shell("printf half; read line < " + gate + "; echo ' and half'"));
  pollfd item{child.fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&item, 1, 10'000), 1);
  EXPECT_EQ(child.next_line(), std::nullopt);
  std::ofstream(gate) << "go\n";
  EXPECT_EQ(child.read_line(10s), "half and half");
}

TEST(Child, ItsDescriptorIsReadableWhenThereIsSomethingToLearn) {
  const TemporaryDirectory directory;
  const std::string gate = (directory.path() / "gate").string();
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  Child child(shell("echo ready; read line < " + gate + "; exit 5"));
  ASSERT_EQ(child.read_line(10s), "ready");
  EXPECT_EQ(child.next_line(), std::nullopt);
  pollfd item{child.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&item, 1, 0), 0);
  EXPECT_EQ(child.poll_exit(), std::nullopt);

  std::ofstream(gate) << "go\n";
  EXPECT_EQ(::poll(&item, 1, 10'000), 1);
  EXPECT_EQ(child.wait(10s).value().code, 5);
}

TEST(Child, DoesNotBlockOnErrorTextThatNobodyReads) {
  Child child(shell("head -c 1000000 /dev/zero | tr '\\0' e >&2; echo done"));
  EXPECT_EQ(child.read_line(20s), "done");
  EXPECT_EQ(child.wait(10s).value().code, 0);
  EXPECT_EQ(child.error_tail().size(), 8192U);
}

TEST(Child, TerminatesGentlyFirst) {
  Child child(shell("trap 'echo bye; exit 7' TERM; echo ready; while :; do :; done"));
  ASSERT_EQ(child.read_line(10s), "ready");
  EXPECT_EQ(child.terminate(10s).value().code, 7);
  EXPECT_EQ(child.next_line(), "bye");
}

TEST(Child, KillsWhatDoesNotListen) {
  Child child(shell("trap '' TERM; echo ready; while :; do :; done"));
  ASSERT_EQ(child.read_line(10s), "ready");
  EXPECT_EQ(child.terminate(100ms).value().signal, SIGKILL);
}

TEST(Child, EndsWithItsOwner) {
  pid_t pid = 0;
  {
    const Child child(shell("while :; do :; done"));
    pid = child.pid();
    ASSERT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST(Child, IsKilledByTheKernelWhenTheStartingThreadEnds) {
  std::optional<Child> child;
  std::thread([&] { child.emplace(shell("while :; do :; done")); }).join();
  EXPECT_EQ(child->wait(10s).value().signal, SIGKILL);
}

TEST(Child, HasASessionOfItsOwn) {
  Child child(shell("echo ready; while :; do :; done"));
  ASSERT_EQ(child.read_line(10s), "ready");
  EXPECT_EQ(::getsid(child.pid()), child.pid());
}

TEST(FindProgram, LooksBelowTheRootAndNeedsAnExecutable) {
  const TemporaryDirectory root;
  EXPECT_EQ(find_program("ip", root.path()), std::nullopt);
  root.write("usr/sbin/ip", "");
  EXPECT_EQ(find_program("ip", root.path()), std::nullopt);
  ::chmod((root.path() / "usr/sbin/ip").c_str(), 0755);
  EXPECT_EQ(find_program("ip", root.path()), root.path() / "usr/sbin/ip");
}

}  // namespace
}  // namespace longhaul::nic
