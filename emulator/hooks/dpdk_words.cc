// SPDX-License-Identifier: GPL-2.0-only
#include "emulator/hooks/dpdk_words.h"

#include <rte_log.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace longhaul::hooks {
namespace {

// Length of what names a function of DPDK at the start of a log line: "evaluate: " or
// "validate(0x7ffd62845100) ".
std::size_t origin_length(std::string_view line) {
  std::size_t end = std::min(line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), line.size());
  const std::size_t name = end;
  if (line.substr(end).starts_with('(')) end = std::min(line.find(')', end), line.size() - 1) + 1;
  if (line.substr(end).starts_with(':')) ++end;
  return end > name && line.substr(end).starts_with(' ') ? end + 1 : 0;
}

}  // namespace

DpdkWords::DpdkWords() : previous_(rte_log_get_stream()), file_(open_memstream(&text_, &size_)) {
  if (file_ == nullptr) throw std::runtime_error("no memory for DPDK's log");
  rte_openlog_stream(file_);
}

DpdkWords::~DpdkWords() {
  rte_openlog_stream(previous_);
  std::fclose(file_);
  std::free(text_);
}

std::string DpdkWords::one_line() {
  std::fflush(file_);
  std::string line;
  std::string_view rest(text_, size_);
  while (!rest.empty()) {
    std::string_view part = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    part.remove_prefix(origin_length(part));
    while (part.ends_with(';') || part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) line += (line.empty() ? "" : "; ") + std::string(part);
  }
  return line;
}

}  // namespace longhaul::hooks
