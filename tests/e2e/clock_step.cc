// SPDX-License-Identifier: GPL-2.0-only
//
// For LD_PRELOAD: a wall clock that jumps by an hour, there and back, every 50 ms, for one process and not
// for those that it starts. The machine's clock, and the monotonic ones, stay as they are.
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

#include <cstdlib>

namespace {

using ClockGettime = int (*)(clockid_t, timespec*);

ClockGettime real_clock() {
  static const auto real = reinterpret_cast<ClockGettime>(dlsym(RTLD_NEXT, "clock_gettime"));
  return real;
}

time_t step() {
  constexpr long kJumpEvery = 50'000'000;
  timespec now{};
  real_clock()(CLOCK_MONOTONIC, &now);
  return now.tv_nsec / kJumpEvery % 2 * 3600;
}

__attribute__((constructor)) void only_here() {
  unsetenv("LD_PRELOAD");
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const int result = real_clock()(clock, time);
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) time->tv_sec += step();
  return result;
}

int gettimeofday(timeval* __restrict time, void* __restrict) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}
}
