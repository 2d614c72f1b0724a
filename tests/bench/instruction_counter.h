// SPDX-License-Identifier: GPL-2.0-only
//
// Counts the instructions that the calling thread retires in user space, by perf_event_open(2): a figure that
// other users of the machine do not disturb. Absent where the kernel or a virtual machine does not offer it.
// Single thread; owns one file descriptor.
#pragma once

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <optional>

namespace longhaul::bench {

class InstructionCounter {
 public:
  // Starts to count.
  InstructionCounter() {
    perf_event_attr attributes{};
    attributes.type = PERF_TYPE_HARDWARE;
    attributes.size = sizeof attributes;
    attributes.config = PERF_COUNT_HW_INSTRUCTIONS;
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    fd_ = static_cast<int>(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
  }
  ~InstructionCounter() {
    if (fd_ >= 0) close(fd_);
  }
  InstructionCounter(const InstructionCounter&) = delete;
  InstructionCounter& operator=(const InstructionCounter&) = delete;

  // Instructions since construction; nothing when they cannot be counted here.
  std::optional<std::uint64_t> read() const {
    std::uint64_t count = 0;
    if (fd_ < 0 || ::read(fd_, &count, sizeof count) != sizeof count || count == 0) return std::nullopt;
    return count;
  }

 private:
  int fd_ = -1;
};

}  // namespace longhaul::bench
