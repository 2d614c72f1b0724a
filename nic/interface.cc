// SPDX-License-Identifier: GPL-2.0-only
#include "nic/interface.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "nic/file_descriptor.h"

namespace longhaul::nic {
namespace {

// Returns errno, 0 when it worked.
int ethtool(const std::string& interface, void* command) {
  UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return errno;
  ifreq request{};
  if (interface.size() >= sizeof(request.ifr_name)) return ENAMETOOLONG;
  interface.copy(request.ifr_name, interface.size());
  request.ifr_data = static_cast<char*>(command);
  return ::ioctl(socket.get(), SIOCETHTOOL, &request) == 0 ? 0 : errno;
}

std::string_view ethtool_name(Offload offload) {
  switch (offload) {
    case Offload::kTxChecksum:
      return "tx";
    case Offload::kTcpSegmentation:
      return "tso";
    case Offload::kGenericSegmentation:
      return "gso";
    case Offload::kGenericReceive:
      return "gro";
    case Offload::kTxVlan:
      return "txvlan";
  }
  throw std::logic_error("no such offload");
}

// Whether ethtool counts the kernel's feature as part of the offload.
bool belongs_to(const std::string& feature, Offload offload) {
  switch (offload) {
    case Offload::kTxChecksum:
      return feature.starts_with("tx-checksum-");
    case Offload::kTcpSegmentation:
      return feature.starts_with("tx-tcp") && feature.ends_with("-segmentation");
    case Offload::kGenericSegmentation:
      return feature == "tx-generic-segmentation";
    case Offload::kGenericReceive:
      return feature == "rx-gro";
    case Offload::kTxVlan:
      return feature == "tx-vlan-hw-insert" || feature == "tx-vlan-stag-hw-insert";
  }
  throw std::logic_error("no such offload");
}

// ethtool's structures end in an array whose length is known at run time.
template <typename Head>
class WithArray {
 public:
  explicit WithArray(std::size_t array_bytes)
      : words_((sizeof(Head) + array_bytes) / sizeof(std::uint64_t) + 1) {}
  Head* head() { return reinterpret_cast<Head*>(words_.data()); }

 private:
  std::vector<std::uint64_t> words_;
};

// The names in one of the interface's string sets; empty when it has none.
std::vector<std::string> strings_of(const std::string& interface, ethtool_stringset set) {
  WithArray<ethtool_sset_info> sets(sizeof(std::uint32_t));
  sets.head()->cmd = ETHTOOL_GSSET_INFO;
  sets.head()->sset_mask = 1ULL << set;
  if (ethtool(interface, sets.head()) != 0 || sets.head()->sset_mask == 0) return {};
  const std::uint32_t count = sets.head()->data[0];
  WithArray<ethtool_gstrings> strings(std::size_t{count} * ETH_GSTRING_LEN);
  strings.head()->cmd = ETHTOOL_GSTRINGS;
  strings.head()->string_set = set;
  strings.head()->len = count;
  if (const int error = ethtool(interface, strings.head()); error != 0)
    throw std::runtime_error(fmt::format("cannot read what {} offers: {}", interface, std::strerror(error)));
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < count; ++i) {
    const char* text = reinterpret_cast<const char*>(strings.head()->data) + std::size_t{i} * ETH_GSTRING_LEN;
    names.emplace_back(text, ::strnlen(text, ETH_GSTRING_LEN));
  }
  return names;
}

std::vector<std::pair<std::string, std::uint64_t>> read_driver_losses(const std::string& interface) {
  const std::vector<std::string> names = strings_of(interface, ETH_SS_STATS);
  if (names.empty()) return {};
  WithArray<ethtool_stats> values(names.size() * sizeof(std::uint64_t));
  values.head()->cmd = ETHTOOL_GSTATS;
  values.head()->n_stats = static_cast<std::uint32_t>(names.size());
  if (const int error = ethtool(interface, values.head()); error != 0)
    throw std::runtime_error(
        fmt::format("cannot read the driver's statistics of {}: {}", interface, std::strerror(error)));
  std::vector<std::pair<std::string, std::uint64_t>> losses;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i].find("drop") != std::string::npos || names[i].find("error") != std::string::npos)
      losses.emplace_back(names[i], values.head()->data[i]);
  return losses;
}

}  // namespace

// Feature by feature through names: the older one-flag commands leave out what is younger than they are
// (tx-tcp-accecn-segmentation).
void turn_off(const std::string& interface, Offload offload) {
  const auto refuse = [&](std::string_view why) {
    throw std::runtime_error(
        fmt::format("cannot turn {} off on {}: {}", ethtool_name(offload), interface, why));
  };
  const std::vector<std::string> names = strings_of(interface, ETH_SS_FEATURES);
  if (names.empty()) refuse("it has no offloads to set");
  const std::size_t blocks = (names.size() + 31) / 32;
  WithArray<ethtool_sfeatures> wanted(blocks * sizeof(ethtool_set_features_block));
  wanted.head()->cmd = ETHTOOL_SFEATURES;
  wanted.head()->size = static_cast<std::uint32_t>(blocks);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (belongs_to(names[i], offload)) wanted.head()->features[i / 32].valid |= 1U << (i % 32);
  if (const int error = ethtool(interface, wanted.head()); error != 0) refuse(std::strerror(error));

  WithArray<ethtool_gfeatures> now(blocks * sizeof(ethtool_get_features_block));
  now.head()->cmd = ETHTOOL_GFEATURES;
  now.head()->size = static_cast<std::uint32_t>(blocks);
  if (const int error = ethtool(interface, now.head()); error != 0) refuse(std::strerror(error));
  for (std::size_t i = 0; i < names.size(); ++i)
    if (belongs_to(names[i], offload) && (now.head()->features[i / 32].active >> (i % 32) & 1) != 0)
      refuse(fmt::format("{} stays on", names[i]));
}

void use_one_queue(const std::string& interface) {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (const int error = ethtool(interface, &channels); error == EOPNOTSUPP) return;
  if (channels.rx_count <= 1 && channels.tx_count <= 1) return;
  channels.cmd = ETHTOOL_SCHANNELS;
  channels.rx_count = channels.tx_count = 1;
  if (const int error = ethtool(interface, &channels); error != 0)
    throw std::runtime_error(fmt::format("cannot set one queue on {}: {}", interface, std::strerror(error)));
}

void disable_ipv6(const std::string& interface) {
  const int error = write_setting(fmt::format("/proc/sys/net/ipv6/conf/{}/disable_ipv6", interface), "1");
  if (error != 0 && error != ENOENT)
    throw std::runtime_error(fmt::format("cannot disable IPv6 on {}: {}", interface, std::strerror(error)));
}

InterfaceCounters read_interface_counters(const std::string& interface) {
  std::ifstream file("/proc/thread-self/net/dev");
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t start = line.find_first_not_of(' ');
    if (std::string_view(line).substr(start, colon - start) != interface) continue;
    // rx: bytes packets errs drop fifo frame compressed multicast; tx: bytes packets errs drop ...
    std::istringstream fields(line.substr(colon + 1));
    std::uint64_t value[12] = {};
    for (std::uint64_t& field : value) fields >> field;
    if (!fields) break;
    InterfaceCounters counters;
    counters.rx_packets = value[1];
    counters.rx_errors = value[2];
    counters.rx_dropped = value[3];
    counters.tx_packets = value[9];
    counters.tx_errors = value[10];
    counters.tx_dropped = value[11];
    counters.driver_losses = read_driver_losses(interface);
    return counters;
  }
  throw std::runtime_error(fmt::format("cannot read the counters of {}: no such interface", interface));
}

int write_setting(const std::string& path, const std::string& value) {
  UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return errno;
  return ::write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size()) ? 0 : errno;
}

std::string read_setting(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  if (!std::getline(file, text)) throw std::runtime_error(fmt::format("cannot read {}", path));
  return text;
}

}  // namespace longhaul::nic
