// SPDX-License-Identifier: GPL-2.0-only
#include "results/time_text.h"

#include <fmt/format.h>

#include <ctime>
#include <stdexcept>

namespace longhaul::results {
namespace {

std::string formatted(CalendarTime time, const char* format) {
  const std::time_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, format, &utc)};
}

}  // namespace

std::string iso8601_utc(CalendarTime time) {
  return formatted(time, "%Y-%m-%dT%H:%M:%SZ");
}
std::string compact_utc(CalendarTime time) {
  return formatted(time, "%Y%m%d-%H%M%S");
}
std::string nccl_tests_time(CalendarTime time) {
  return formatted(time, "%Y-%m-%d %H:%M:%S");
}

CalendarTime parse_iso8601_utc(const std::string& text) {
  std::tm utc{};
  const char* end = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  if (end == nullptr || *end != '\0') {
    throw std::runtime_error(
        fmt::format("cannot read time '{}': not ISO 8601 in UTC such as 2025-11-21T03:25:52Z", text));
  }
  return std::chrono::system_clock::from_time_t(timegm(&utc));
}

}  // namespace longhaul::results
