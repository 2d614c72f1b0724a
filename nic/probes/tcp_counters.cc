// SPDX-License-Identifier: GPL-2.0-only
#include "nic/probes/tcp_counters.h"

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "nic/netns.h"

namespace longhaul::nic {

std::uint64_t tcp_retransmitted_segments(int network_namespace) {
  std::ostringstream text;
  run_in_namespace(network_namespace, [&] {
    // /proc/net is that of the process's first thread.
    std::ifstream file("/proc/thread-self/net/snmp");
    text << file.rdbuf();
  });
  return tcp_retransmitted_segments(text.str());
}

// Two lines begin with "Tcp:": the names, then the values in the same order.
std::uint64_t tcp_retransmitted_segments(std::string_view snmp) {
  std::istringstream lines{std::string(snmp)};
  std::string names, values;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("Tcp:")) (names.empty() ? names : values) = line;
  }
  std::istringstream name_words(names), value_words(values);
  for (std::string name, value; name_words >> name && value_words >> value;) {
    if (name == "RetransSegs") return std::stoull(value);
  }
  throw std::runtime_error("cannot read the TCP counters of a network namespace: no RetransSegs");
}

}  // namespace longhaul::nic
