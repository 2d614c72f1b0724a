// SPDX-License-Identifier: GPL-2.0-only
#include "nic/lab_hosts.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <set>
#include <stdexcept>

#include "nic/command.h"
#include "nic/lab_clean.h"
#include "nic/netns.h"

namespace longhaul::nic {
namespace {

constexpr std::size_t kInterfaceNameLength = 15;
constexpr std::size_t kHostNameLength = 60;
constexpr std::size_t kMostHosts = 65535;  // two bytes of the MAC address
constexpr std::chrono::milliseconds kIpDeadline{20'000};

void check(const LabHostSpec& spec) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  };
  if (spec.name.empty() || spec.name.size() > kHostNameLength ||
      !std::all_of(spec.name.begin(), spec.name.end(), plain))
    throw std::invalid_argument(fmt::format(
        "host name `{}`: up to {} letters, digits, `-` and `_` are allowed", spec.name, kHostNameLength));
  const std::size_t slash = spec.address.find('/');
  const std::string address = spec.address.substr(0, slash);
  const std::string length = slash == std::string::npos ? "" : spec.address.substr(slash + 1);
  in_addr parsed{};
  unsigned prefix = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), prefix);
  if (::inet_pton(AF_INET, address.c_str(), &parsed) != 1 || error != std::errc() ||
      end != length.data() + length.size() || prefix < 1 || prefix > 32)
    throw std::invalid_argument(
        fmt::format("host {}: address `{}`: an IPv4 address with prefix length is needed, as 10.50.0.1/24",
                    spec.name, spec.address));
}

std::string mac_address(std::size_t index) {
  const std::size_t number = index + 1;
  return fmt::format("02:4c:48:00:{:02x}:{:02x}", number >> 8 & 0xff, number & 0xff);
}

// One line per thing that is made, so that a failure tells by its line number what was not.
struct Batch {
  std::string text;
  std::vector<Resource> makes;
};

Batch creation_batch(const std::vector<LabHost>& hosts) {
  Batch batch;
  for (const LabHost& host : hosts) {
    batch.text += fmt::format("netns add {}\n", host.network_namespace);
    batch.makes.push_back({ResourceKind::kNamespace, host.network_namespace});
    batch.text += fmt::format(
        "link add name {} mtu {} txqueuelen 1000 type veth peer name eth0 address {} mtu {} txqueuelen 1000 "
        "netns {}\n",
        host.emulator_interface, host.mtu, host.mac, host.mtu, host.network_namespace);
    batch.makes.push_back({ResourceKind::kInterface, host.emulator_interface});
  }
  return batch;
}

// A token bucket as deep as the largest burst that a socket hands over in one piece (64 KiB): split up, each
// frame would cost a timer. Its queue is long: the sockets' own limits (TCP small queues) come first, and a
// queue that drops would be a loss that no network card has.
std::string shape_command(const LabHostSpec& spec) {
  constexpr unsigned kBurstBytes = 70 * 1024, kQueueBytes = 16 * 1024 * 1024, kFcsPreambleGap = 24;
  return fmt::format("qdisc add dev eth0 root tbf rate {}bit burst {} limit {} overhead {}\n", spec.rate_bps,
                     kBurstBytes, kQueueBytes, kFcsPreambleGap);
}

// Receive packet steering (Documentation/networking/scaling.rst): a mask of CPUs in hexadecimal, of which the
// first 32 are more than enough.
void steer_reception(const LabHost& host, const std::vector<unsigned>& cpus) {
  std::uint64_t mask = 0;
  for (const unsigned cpu : cpus) mask |= cpu < 32 ? std::uint64_t{1} << cpu : 0;
  // /sys shows the interfaces of the namespace that mounted it, so this needs `ip netns exec`.
  run_or_throw({.argv = {"ip", "netns", "exec", host.network_namespace, "tee",
                         "/sys/class/net/eth0/queues/rx-0/rps_cpus"},
                .input = fmt::format("{:x}\n", mask)},
               kIpDeadline, fmt::format("steer reception of host {}", host.name));
}

// How many lines of a batch `ip` carried out before it stopped with "Command failed -:LINE".
std::size_t lines_done(const CommandResult& result, std::size_t lines) {
  const std::string_view marker = "Command failed -:";
  const std::size_t at = result.error_tail.rfind(marker);
  if (result.timed_out || at == std::string::npos) return lines;  // unknown: take all for made
  std::size_t failed = 0;
  const char* digits = result.error_tail.data() + at + marker.size();
  std::from_chars(digits, result.error_tail.data() + result.error_tail.size(), failed);
  return failed == 0 ? lines : failed - 1;
}

}  // namespace

std::vector<std::string> emulator_interface_names(const std::vector<std::string>& hosts) {
  std::vector<std::string> names(hosts.size());
  std::set<std::string> taken;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    names[i] = "lh-" + hosts[i];
    if (names[i].size() <= kInterfaceNameLength) taken.insert(names[i]);
  }
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (names[i].size() <= kInterfaceNameLength) continue;
    std::string candidate;
    for (std::size_t number = i; candidate.empty() || taken.contains(candidate); number += hosts.size()) {
      const std::string end = fmt::format("-{}", number);
      candidate = names[i].substr(0, kInterfaceNameLength - end.size()) + end;
    }
    taken.insert(candidate);
    names[i] = candidate;
  }
  return names;
}

LabHosts::LabHosts(LabState& state, const std::vector<LabHostSpec>& specs) : state_(state) {
  if (specs.size() > kMostHosts) throw std::invalid_argument(fmt::format("at most {} hosts", kMostHosts));
  std::vector<std::string> names;
  for (const LabHostSpec& spec : specs) {
    check(spec);
    if (std::find(names.begin(), names.end(), spec.name) != names.end())
      throw std::invalid_argument(fmt::format("two hosts are named {}", spec.name));
    names.push_back(spec.name);
  }
  const std::vector<std::string> interfaces = emulator_interface_names(names);
  for (std::size_t i = 0; i < specs.size(); ++i)
    hosts_.push_back({specs[i].name, "lh-" + specs[i].name, interfaces[i],
                      specs[i].address.substr(0, specs[i].address.find('/')), mac_address(i), specs[i].mtu});
  if (hosts_.empty()) return;
  check_names_free();
  try {
    make_devices();
    for (std::size_t i = 0; i < specs.size(); ++i) set_up(i, specs[i]);
    std::vector<HostEntry> entries;
    std::string batch;
    for (const LabHost& host : hosts_) {
      batch += fmt::format("link set dev {} up\n", host.emulator_interface);
      entries.push_back({host.name, host.network_namespace, host.address});
    }
    run_or_throw({.argv = {"ip", "-batch", "-"}, .input = batch}, kIpDeadline,
                 "bring the emulator's interfaces up");
    state_.publish_hosts(std::move(entries));
  } catch (...) {
    remove();
    throw;
  }
}

LabHosts::~LabHosts() {
  remove();
}

void LabHosts::check_names_free() const {
  for (const LabHost& host : hosts_) {
    if (namespace_name_taken(host.network_namespace))
      throw std::runtime_error(fmt::format("cannot make host {}: network namespace {} exists and is not ours",
                                           host.name, host.network_namespace));
    if (::if_nametoindex(host.emulator_interface.c_str()) != 0)
      throw std::runtime_error(fmt::format("cannot make host {}: interface {} exists and is not ours",
                                           host.name, host.emulator_interface));
  }
}

void LabHosts::make_devices() {
  const Batch batch = creation_batch(hosts_);
  state_.record(batch.makes);
  resources_ = batch.makes;
  const Command command{.argv = {"ip", "-batch", "-"}, .input = batch.text};
  const CommandResult result = run_command(command, kIpDeadline);
  const bool failed = result.timed_out || !result.status.success();
  if (failed) {
    // What was not made may be somebody else's under the same name: off the list before anything is removed.
    const std::size_t made = lines_done(result, resources_.size());
    const std::vector<Resource> not_made(resources_.begin() + static_cast<std::ptrdiff_t>(made),
                                         resources_.end());
    resources_.resize(made);
    state_.forget(not_made);
  }
  for (Resource& resource : resources_)
    resource.identity = resource.kind == ResourceKind::kNamespace ? namespace_identity(resource.name)
                                                                  : ::if_nametoindex(resource.name.c_str());
  state_.confirm(resources_);
  if (failed) throw std::runtime_error(describe_failure(command, result, "make the lab hosts"));
}

void LabHosts::set_up(std::size_t index, const LabHostSpec& spec) {
  const LabHost& host = hosts_[index];
  namespaces_.push_back(open_namespace(host.network_namespace));
  const int inside = namespaces_.back().get();
  run_in_namespace(inside, [] {
    disable_ipv6("eth0");
    // Else every TCP and UDP segment arrives with a bad checksum, or larger than the MTU.
    turn_off("eth0", Offload::kTcpSegmentation);
    turn_off("eth0", Offload::kTxChecksum);
    // Else the tag of a VLAN interface travels beside the frame, where XDP does not see it.
    turn_off("eth0", Offload::kTxVlan);
    use_one_queue("eth0");
  });
  disable_ipv6(host.emulator_interface);
  for (const Offload offload :
       {Offload::kGenericReceive, Offload::kTcpSegmentation, Offload::kGenericSegmentation})
    turn_off(host.emulator_interface, offload);
  use_one_queue(host.emulator_interface);
  apply_tcp_settings(state_, inside, spec.tcp);
  const std::string batch = fmt::format(
      "link set dev lo up\naddress add {} broadcast + dev eth0\nlink set dev eth0 up\n", spec.address);
  run_or_throw({.argv = {"ip", "-batch", "-"}, .input = batch, .network_namespace = inside}, kIpDeadline,
               fmt::format("set up host {}", host.name));
  if (spec.rate_bps != 0) {
    run_or_throw({.argv = {"tc", "-batch", "-"}, .input = shape_command(spec), .network_namespace = inside},
                 kIpDeadline, fmt::format("set the rate of host {}", host.name));
  }
  if (!spec.receive_cpus.empty()) steer_reception(host, spec.receive_cpus);
}

HostInterfaceCounters LabHosts::read_counters(std::size_t host) const {
  HostInterfaceCounters counters;
  counters.emulator = read_interface_counters(hosts_.at(host).emulator_interface);
  run_in_namespace(namespace_fd(host), [&] { counters.host = read_interface_counters("eth0"); });
  return counters;
}

std::vector<std::string> LabHosts::remove() noexcept {
  try {
    namespaces_.clear();
    if (resources_.empty()) return {};
    // The last made goes first.
    const std::vector<Resource> reversed(resources_.rbegin(), resources_.rend());
    resources_.clear();
    RemovalOutcome outcome = remove_resources(reversed, state_.directory());
    std::vector<Resource> gone;
    for (const Resource& resource : reversed)
      if (std::none_of(outcome.failed.begin(), outcome.failed.end(),
                       [&](const Resource& r) { return r.kind == resource.kind && r.name == resource.name; }))
        gone.push_back(resource);
    state_.forget(gone);
    state_.publish_hosts({});
    return std::move(outcome.report.kept);
  } catch (const std::exception& error) {
    try {
      return {fmt::format("cannot remove the lab hosts: {}", error.what())};
    } catch (...) {
      return {};
    }
  } catch (...) {
    return {};
  }
}

}  // namespace longhaul::nic
