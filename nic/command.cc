// SPDX-License-Identifier: GPL-2.0-only
#include "nic/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

extern "C" {  // glibc 2.36 declares these without it
#include <sys/pidfd.h>
}

#include "nic/spawn.h"

extern char** environ;

namespace longhaul::nic {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kErrorTailBytes = 8 * 1024;
constexpr std::size_t kBytesPerPump = 1024 * 1024;  // a child that never stops writing must not hold us
constexpr milliseconds kKillPatience{5000};

[[noreturn]] void throw_errno(std::string_view attempted) {
  throw std::runtime_error(fmt::format("cannot {}: {}", attempted, std::strerror(errno)));
}

// dup2 onto 0, 1 and 2 in the child must not overwrite a source, which happens when ours were closed.
UniqueFd above_standard(UniqueFd fd) {
  if (fd.get() > 2) return fd;
  UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  if (!moved) throw_errno("duplicate a descriptor");
  return moved;
}

struct Pipe {
  UniqueFd read, write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("make a pipe");
  Pipe made{UniqueFd(ends[0]), UniqueFd(ends[1])};
  ::fcntl(made.read.get(), F_SETFL, O_NONBLOCK);
  return {std::move(made.read), above_standard(std::move(made.write))};
}

// Input lives in a memory file: unlike a pipe it cannot block us when the child does not read.
UniqueFd make_input(const std::string& input) {
  if (input.empty()) {
    UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null) throw_errno("open /dev/null");
    return above_standard(std::move(null));
  }
  UniqueFd file(::memfd_create("input", MFD_CLOEXEC));
  if (!file) throw_errno("make an input file");
  for (std::size_t done = 0; done < input.size();) {
    const ssize_t written = ::write(file.get(), input.data() + done, input.size() - done);
    if (written < 0) throw_errno("write an input file");
    done += static_cast<std::size_t>(written);
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return above_standard(std::move(file));
}

std::vector<std::string> merged_environment(const std::vector<std::string>& extra) {
  std::vector<std::string> merged = extra;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('=') + 1);
    if (std::none_of(extra.begin(), extra.end(), [&](const std::string& e) { return e.starts_with(name); }))
      merged.emplace_back(text);
  }
  return merged;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

void watch(int events, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(events, EPOLL_CTL_ADD, fd, &event) != 0) throw_errno("watch a child");
}

// Until `end`, in whole milliseconds rounded up, for poll().
int remaining(Clock::time_point end) {
  const auto left = std::chrono::ceil<milliseconds>(end - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 3'600'000));
}

// False when the time is over, also for a child that never stops writing.
bool wait_readable(int fd, Clock::time_point end) {
  pollfd item{fd, POLLIN, 0};
  ::poll(&item, 1, remaining(end));
  return Clock::now() < end;
}

std::string first_line(std::string_view text) {
  while (!text.empty() && (text.front() == '\n' || text.front() == ' ')) text.remove_prefix(1);
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace

std::string ExitStatus::describe() const {
  if (signal != 0) return fmt::format("was killed by signal {} ({})", signal, ::strsignal(signal));
  return code < 0 ? "ended in an unknown way" : fmt::format("exited with {}", code);
}

Child::Child(const Command& command) {
  if (command.argv.empty()) throw std::invalid_argument("a command needs a program");
  name_ = command.argv.front();
  const auto program = find_program(name_);
  if (!program) throw std::runtime_error(fmt::format("cannot run `{}`: no such program in PATH", name_));

  std::vector<std::string> argv = command.argv;
  std::vector<std::string> environment = merged_environment(command.environment);
  std::vector<char*> argv_pointers = pointers(argv);
  std::vector<char*> environment_pointers = pointers(environment);
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  for (const unsigned cpu : command.cpus) {
    if (cpu >= CPU_SETSIZE) throw std::invalid_argument(fmt::format("core {}: no such core", cpu));
    CPU_SET(cpu, &cpus);
  }

  UniqueFd input = make_input(command.input);
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  events_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  if (!events_) throw_errno("watch a child");
  watch(events_.get(), out.read.get());
  watch(events_.get(), err.read.get());

  SpawnPlan plan;
  plan.program = program->c_str();
  plan.argv = argv_pointers.data();
  plan.envp = environment_pointers.data();
  plan.standard[0] = input.get();
  plan.standard[1] = out.write.get();
  plan.standard[2] = err.write.get();
  plan.network_namespace = command.network_namespace;
  plan.cpus = command.cpus.empty() ? nullptr : &cpus;
  SpawnResult started = spawn(plan);
  if (started.pid < 0)
    throw std::runtime_error(
        fmt::format("cannot run `{}`: {}: {}", name_, started.failed_step, std::strerror(started.error)));
  pid_ = started.pid;
  pidfd_ = std::move(started.pidfd);
  out_ = std::move(out.read);
  err_ = std::move(err.read);
  watch(events_.get(), pidfd_.get());
}

Child::~Child() {
  if (pid_ < 0 || !pidfd_) return;
  try {
    terminate();
  } catch (...) {  // out of memory while reading its last words; it was signalled all the same
    ::pidfd_send_signal(pidfd_.get(), SIGKILL, nullptr, 0);
    ::waitpid(pid_, nullptr, 0);
  }
}

// Takes what is there now; false when the other end was closed.
bool Child::read_available(UniqueFd& from, bool keep_tail_only, std::string& into) {
  std::array<char, 16 * 1024> buffer;
  for (std::size_t taken = 0; from && taken < kBytesPerPump;) {
    const ssize_t count = ::read(from.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return true;
    if (count == 0) return false;
    taken += static_cast<std::size_t>(count);
    into.append(buffer.data(), static_cast<std::size_t>(count));
    if (keep_tail_only && into.size() > kErrorTailBytes) into.erase(0, into.size() - kErrorTailBytes);
  }
  return true;
}

void Child::pump() {
  if (!status_) {
    int raw = 0;
    const pid_t reaped = ::waitpid(pid_, &raw, WNOHANG);
    if (reaped == pid_ && WIFEXITED(raw)) status_ = ExitStatus{WEXITSTATUS(raw), 0};
    if (reaped == pid_ && WIFSIGNALED(raw)) status_ = ExitStatus{-1, WTERMSIG(raw)};
    if (reaped < 0 && errno == ECHILD) status_ = ExitStatus{};  // somebody else reaped it
  }
  // After the end read once more: what it wrote is in the pipes already. Then close them, for a grandchild
  // may hold the other ends open for ever.
  if (!read_available(out_, false, output_) || status_) out_.reset();
  if (!read_available(err_, true, error_tail_) || status_) err_.reset();
  if (status_) ::epoll_ctl(events_.get(), EPOLL_CTL_DEL, pidfd_.get(), nullptr);
}

std::optional<std::string> Child::next_line() {
  pump();
  const std::size_t end = output_.find('\n');
  if (end == std::string::npos && (out_ || output_.empty())) return std::nullopt;
  std::string line = output_.substr(0, end);
  output_.erase(0, end == std::string::npos ? end : end + 1);
  return line;
}

std::optional<std::string> Child::read_line(milliseconds at_most) {
  const auto end = Clock::now() + at_most;
  while (true) {
    if (auto line = next_line()) return line;
    if (!out_ || !wait_readable(events_.get(), end)) return std::nullopt;
  }
}

std::string Child::take_output() {
  pump();
  return std::exchange(output_, {});
}

std::string Child::error_tail() {
  pump();
  return error_tail_;
}

std::optional<ExitStatus> Child::poll_exit() {
  pump();
  return status_;
}

std::optional<ExitStatus> Child::wait(milliseconds at_most) {
  const auto end = Clock::now() + at_most;
  while (!poll_exit() && wait_readable(events_.get(), end)) continue;
  return status_;
}

std::optional<ExitStatus> Child::terminate(milliseconds grace) {
  if (poll_exit()) return status_;
  ::pidfd_send_signal(pidfd_.get(), SIGTERM, nullptr, 0);
  if (wait(grace)) return status_;
  ::pidfd_send_signal(pidfd_.get(), SIGKILL, nullptr, 0);
  return wait(kKillPatience);
}

CommandResult run_command(const Command& command, milliseconds deadline) {
  Child child(command);
  CommandResult result;
  auto status = child.wait(deadline);
  if (!status) {
    result.timed_out = true;
    status = child.terminate();
  }
  result.status = status.value_or(ExitStatus{});
  result.output = child.take_output();
  result.error_tail = child.error_tail();
  return result;
}

std::string describe_failure(const Command& command, const CommandResult& result,
                             std::string_view attempted) {
  const std::string said = first_line(result.error_tail);
  const std::string how = result.timed_out ? "did not end in time" : result.status.describe();
  return fmt::format("cannot {}: `{}` {}{}{}", attempted, command.argv.empty() ? "" : command.argv.front(),
                     how, said.empty() ? "" : ": ", said);
}

std::string run_or_throw(const Command& command, milliseconds deadline, std::string_view attempted) {
  CommandResult result = run_command(command, deadline);
  if (result.timed_out || !result.status.success())
    throw std::runtime_error(describe_failure(command, result, attempted));
  return std::move(result.output);
}

std::optional<std::filesystem::path> find_program(std::string_view name, const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  const auto executable = [](const fs::path& file) {
    std::error_code ignored;
    return fs::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
  };
  if (name.find('/') != std::string_view::npos) {
    fs::path given(name);
    return executable(given) ? std::optional(given) : std::nullopt;
  }
  const char* variable = std::getenv("PATH");
  std::string places =
      fmt::format("{}:/usr/local/sbin:/usr/sbin:/sbin", variable == nullptr ? "/usr/bin:/bin" : variable);
  for (std::size_t from = 0; from <= places.size();) {
    const std::size_t to = std::min(places.find(':', from), places.size());
    const fs::path place = places.substr(from, to - from);
    from = to + 1;
    if (!place.is_absolute()) continue;
    fs::path file = root / place.relative_path() / name;
    if (executable(file)) return file;
  }
  return std::nullopt;
}

}  // namespace longhaul::nic
