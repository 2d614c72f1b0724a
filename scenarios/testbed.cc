// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/testbed.h"

#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <stdexcept>

#include "nic/cpus.h"
#include "nic/machine.h"
#include "nic/port.h"
#include "scenarios/hook_files.h"
#include "scenarios/placement.h"
#include "topologies/model.h"

namespace longhaul::scenario {
namespace {

using topology::Direction;
using topology::Topology;

// TCP needs twice its window, and the kernel counts its own overhead in the same limit.
std::uint64_t tcp_window_bytes(const Topology& topology) {
  std::set<std::size_t> sites;  // with hosts that we make
  for (const topology::Host& host : topology.hosts) {
    if (host.kind == topology::HostKind::kNetns) sites.insert(host.site);
  }
  std::uint64_t largest = 0;
  for (const std::size_t a : sites) {
    for (const std::size_t b : sites) {
      largest = std::max(largest, topology::most_under_way(topology, a, b).count());
    }
  }
  constexpr std::uint64_t kAtLeast = 4 * 1024 * 1024, kAtMost = 1024 * 1024 * 1024;
  return std::clamp(4 * largest, kAtLeast, kAtMost);
}

std::vector<unsigned> choose_cpus(const std::vector<unsigned>& asked) {
  const std::vector<unsigned> cpus = nic::usable_cpus();
  for (const unsigned cpu : asked) {
    if (std::find(cpus.begin(), cpus.end(), cpu) == cpus.end()) {
      throw std::runtime_error(fmt::format("no CPU {} for this process (--cpu, --lcores); it may use {}", cpu,
                                           fmt::join(cpus, ", ")));
    }
  }
  return asked.empty() ? std::vector{cpus.back()} : asked;
}

std::uint64_t mac_number(const std::string& mac) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < mac.size(); i += 3)
    number = number << 8 | std::stoul(mac.substr(i, 2), nullptr, 16);
  return number;
}

std::string device_of(topology::PortKind kind, const std::string& interface, std::uint32_t mtu,
                      std::size_t index) {
  const auto number = static_cast<unsigned>(index);
  switch (kind) {
    case topology::PortKind::kAuto:
      return nic::device_for_interface(interface, mtu, number);
    case topology::PortKind::kXdp:
      return nic::device_for_interface(interface, mtu, number, nic::InterfaceDriver::kXdp);
    case topology::PortKind::kAfPacket:
      return nic::device_for_interface(interface, mtu, number, nic::InterfaceDriver::kAfPacket);
    case topology::PortKind::kAfXdp:
      break;
  }
  return nic::device_for_interface(interface, mtu, number, nic::InterfaceDriver::kAfXdp);
}

std::vector<nic::LabHostSpec> lab_specs(const Topology& topology, const TestbedOptions& options,
                                        const std::vector<unsigned>& receive_cpus) {
  const std::uint64_t window = tcp_window_bytes(topology);
  std::vector<nic::LabHostSpec> specs;
  for (std::size_t h = 0; h < topology.hosts.size(); ++h) {
    if (topology.hosts[h].kind != topology::HostKind::kNetns) continue;
    nic::LabHostSpec spec{topology.hosts[h].name, host_address(h) + "/24", topology.mtu, {}};
    spec.tcp.congestion_control = options.congestion_control;
    spec.tcp.ecn = options.ecn;
    spec.tcp.rmem_max = spec.tcp.wmem_max = window;
    spec.rate_bps = topology.hosts[h].rate.bps();
    spec.receive_cpus = receive_cpus;
    specs.push_back(spec);
  }
  return specs;
}

// Of a namespace host: what will stand at the emulator's end of its cable.
void name_devices(dataplane::EngineConfig& config, const Topology& topology,
                  const std::vector<std::optional<std::size_t>>& lab_index) {
  std::vector<std::string> names;
  for (std::size_t h = 0; h < lab_index.size(); ++h) {
    if (lab_index[h]) names.push_back(topology.hosts[h].name);
  }
  const std::vector<std::string> interfaces = nic::emulator_interface_names(names);
  for (std::size_t h = 0; h < lab_index.size(); ++h) {
    if (!lab_index[h]) continue;
    config.ports[h].device = device_of(topology.hosts[h].port, interfaces[*lab_index[h]], config.mtu, h);
  }
}

// And its address, which we gave it.
void name_addresses(dataplane::EngineConfig& config, const std::vector<nic::LabHost>& lab,
                    const std::vector<std::optional<std::size_t>>& lab_index) {
  for (std::size_t h = 0; h < lab_index.size(); ++h) {
    if (lab_index[h]) config.ports[h].mac = mac_number(lab[*lab_index[h]].mac);
  }
}

}  // namespace

std::string host_address(std::size_t host) {
  return fmt::format("10.71.0.{}", host + 1);
}

Testbed::Testbed(const Topology& topology, const TestbedOptions& options)
    : topology_(topology),
      name_(options.name),
      state_(options.name),
      config_(engine_config(topology, options.seed, choose_cpus(options.cpus))),
      recorder_(config_.directions) {
  std::size_t next = 0;
  for (const topology::Host& host : topology.hosts) {
    const bool in_lab = host.kind == topology::HostKind::kNetns;
    lab_index_.push_back(in_lab ? std::optional(next++) : std::nullopt);
  }
  name_devices(config_, topology, lab_index_);
  find_hook_files(config_, options.hooks, [this] { return state_.make_directory("hooks"); });
  couple(options);
  fit_into_memory(topology, nic::examine_machine().memory_available, config_);
  // DPDK keeps files of its own while it runs; there they go with the rest, also after a kill.
  setenv("RUNTIME_DIRECTORY", state_.make_directory("dpdk").c_str(), 1);
  hosts_.emplace(state_, lab_specs(topology, options, other_cpus()));
  config_.log_decisions = options.log_decisions;
  name_addresses(config_, hosts_->hosts(), lab_index_);
  engine_.emplace(config_);
  latest_ = engine_->final_state();
  if (board_ || exchange_) {
    model_.emplace(CoupledModel::Plan{topology_, options.background, options.coupling, options.seed,
                                      other_cpus(), options.traces},
                   config_);
  }
  engine_->start();
  if (model_) model_->start([this] { return engine_->now(); });
  disturbance_.emplace(config_.lcores);

  std::vector<nic::HostEntry> entries;
  for (const nic::LabHost& host : hosts_->hosts()) {
    entries.push_back({host.name, host.network_namespace, host.address});
  }
  state_.publish_hosts(entries);
}

Testbed::~Testbed() = default;

void Testbed::couple(const TestbedOptions& options) {
  const Coupled parts(topology_, options.background, options.coupling);
  for (const std::size_t link : options.coupling.inline_links) {
    for (const std::size_t d : {2 * link, 2 * link + 1}) config_.directions[d].is_inline = true;
  }
  if (!options.coupling.inline_links.empty()) {
    exchange_.emplace(options.coupling.hold, options.coupling.pcap);
    config_.inline_exchange = &*exchange_;
  }
  if (parts.shadowed.empty()) return;
  board_.emplace(config_.directions.size());
  config_.background = &*board_;
  for (const topology::Hop& hop : traffic::hops_of(topology_, parts.shadowed)) {
    core::LinkConfig& link = config_.directions[2 * hop.link + hop.direction].link;
    link.most_background_wait = traffic::most_wait(link);
  }
}

int Testbed::namespace_fd(std::size_t host) const {
  if (!lab_index_.at(host)) {
    throw std::runtime_error(fmt::format("host {} is external: nothing can be started there from here",
                                         topology_.hosts[host].name));
  }
  return hosts_->namespace_fd(*lab_index_[host]);
}

std::vector<unsigned> Testbed::other_cpus() const {
  std::vector<unsigned> cpus = nic::usable_cpus();
  for (const unsigned cpu : config_.lcores) {
    if (cpus.size() > 1) std::erase(cpus, cpu);
  }
  return cpus;
}

void Testbed::drain() {
  if (engine_->now() >= next_look_) look_for_faults();
  while (engine_->next_sample(latest_)) {
    recorder_.add(latest_);
    disturbance_->add(latest_);
    if (on_sample_) on_sample_(latest_);
  }
  core::Decision decision;
  for (std::size_t d = 0; d < config_.directions.size(); ++d) {
    while (engine_->next_decision(d, decision)) {
      if (on_decision_) on_decision_(d, decision);
    }
  }
}

bool Testbed::quiet() const {
  const bool empty = std::all_of(latest_.directions.begin(), latest_.directions.end(),
                                 [](const auto& direction) { return direction.counters.held.frames == 0; });
  if (!empty) return false;
  for (const results::PortResult& port : port_results(latest_)) {
    for (const auto& [place, frames] : port.losses) {
      if (frames != 0) return false;
    }
  }
  return true;
}

bool Testbed::settle(Duration deadline) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(deadline.ns());
  bool settled = false;
  while (!settled && std::chrono::steady_clock::now() < end) {
    poll(nullptr, 0, 20);  // a few samples' time
    drain();
    settled = quiet();
  }
  note_what_was_sent();
  disturbance_->end();
  engine_->stop();
  if (model_) model_->stop();
  drain();
  latest_ = engine_->final_state();
  if (on_sample_) on_sample_(latest_);
  return settled;
}

}  // namespace longhaul::scenario
