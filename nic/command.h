// SPDX-License-Identifier: GPL-2.0-only
//
// Programs that we start: run_command() to completion with a deadline, or Child, which stays under our eye.
// No shell is involved. A child has a session of its own (Ctrl-C on our terminal does not reach it), starts
// in a given network namespace and on given cores, and is killed by the kernel when the THREAD that started
// it ends: start long-lived children from a thread that lives as long. Signals go to that one process only.
// Durations are wall time. A Child belongs to one thread at a time; nothing here starts threads.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nic/file_descriptor.h"

namespace longhaul::nic {

struct Command {
  std::vector<std::string> argv = {};
  std::string input = {};                     // all of standard input
  std::vector<std::string> environment = {};  // "NAME=value", on top of ours
  int network_namespace = -1;                 // an open namespace file, still the caller's; -1: ours
  std::vector<unsigned> cpus = {};            // cores it may use; empty: ours
};

// How a process ended; describe() is "exited with 2" or "was killed by signal 9 (Killed)".
struct ExitStatus {
  int code = -1;   // -1 when killed by a signal
  int signal = 0;  // 0 when it exited by itself
  bool success() const { return code == 0; }
  std::string describe() const;
};

class Child {
 public:
  // Starts the program, found through PATH and the sbin directories; throws std::runtime_error when it cannot
  // be.
  explicit Child(const Command& command);
  Child(Child&&) noexcept = default;
  Child& operator=(Child&&) = delete;
  ~Child();  // terminates it

  pid_t pid() const { return pid_; }
  // Readable in poll() whenever next_line() or poll_exit() may have something new; changes nothing when
  // ignored.
  int fd() const { return events_.get(); }

  // The next whole line of its standard output without the newline, if one is there. Never blocks.
  std::optional<std::string> next_line();
  // As next_line(), but waits for it; nothing when the output ended or the time is over.
  std::optional<std::string> read_line(std::chrono::milliseconds at_most);
  // All of its standard output that was not taken yet. Never blocks.
  std::string take_output();
  // True when no more output will come: it closed its standard output or is gone.
  bool output_ended() const { return !out_; }
  // The last 8 KiB of its standard error so far.
  std::string error_tail();

  // How it ended, if it did. Never blocks.
  std::optional<ExitStatus> poll_exit();
  // Waits for its end; nothing when the time is over.
  std::optional<ExitStatus> wait(std::chrono::milliseconds at_most);
  // SIGTERM, and SIGKILL when that did not help within `grace`; nothing when not even that ended it.
  std::optional<ExitStatus> terminate(std::chrono::milliseconds grace = std::chrono::milliseconds(1000));

 private:
  void pump();
  bool read_available(UniqueFd& from, bool keep_tail_only, std::string& into);

  std::string name_;
  pid_t pid_ = -1;
  UniqueFd pidfd_, out_, err_, events_;
  std::string output_, error_tail_;
  std::optional<ExitStatus> status_;
};

struct CommandResult {
  ExitStatus status;
  bool timed_out = false;  // it was terminated at the deadline
  std::string output;
  std::string error_tail;
};

// Runs the command to its end or its deadline, whatever its exit status.
CommandResult run_command(const Command& command, std::chrono::milliseconds deadline);

// Runs the command and returns its output; a failure throws one line: "cannot ATTEMPTED: `ip` exited with 1:
// <stderr>".
std::string run_or_throw(const Command& command, std::chrono::milliseconds deadline,
                         std::string_view attempted);

// The same error line for a result that the caller looked at first.
std::string describe_failure(const Command& command, const CommandResult& result, std::string_view attempted);

// Full path of a program in PATH, /usr/local/sbin, /usr/sbin or /sbin; `root` stands for / (tests).
std::optional<std::filesystem::path> find_program(std::string_view name,
                                                  const std::filesystem::path& root = "/");

}  // namespace longhaul::nic
