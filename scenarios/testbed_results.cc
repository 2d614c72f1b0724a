// SPDX-License-Identifier: GPL-2.0-only
//
// What a testbed counted, for the results of a run and for those who look at it while it stands.
#include <fmt/format.h>
#include <net/if.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "scenarios/testbed.h"

namespace longhaul::scenario {
namespace {

// The veth pair has queues of its own, which no driver sees. In the end both sides must agree.
// `most_sent`: of the frames that the host sent, those that the data plane had time to take.
void add_veth_losses(const nic::HostInterfaceCounters& veth, std::uint64_t most_sent,
                     results::PortResult& port) {
  const auto add = [&](std::string_view place, std::uint64_t frames) {
    port.losses.emplace_back(place, frames);
  };
  const auto missing = [](std::uint64_t sent, std::uint64_t received) {
    return sent > received ? sent - received : 0;
  };
  add("host_tx_dropped", veth.host.tx_dropped + veth.host.tx_errors);
  // Not rx_dropped: there the kernel also counts frames that arrived and that none of its protocols wanted.
  // What found no room the other end counts as tx_dropped, or the driver below.
  add("host_rx_errors", veth.host.rx_errors);
  add("veth_rx_errors", veth.emulator.rx_errors);
  add("veth_tx_dropped", veth.emulator.tx_dropped + veth.emulator.tx_errors);
  for (const auto& [name, frames] : veth.host.driver_losses) add("host_" + name, frames);
  for (const auto& [name, frames] : veth.emulator.driver_losses) add(name, frames);
  add("unseen_from_host", missing(std::min(veth.host.tx_packets, most_sent), port.rx_frames));
  add("unseen_to_host", missing(port.tx_frames, veth.host.rx_packets));
}

bool is_gone(const std::string& interface) {
  return ::if_nametoindex(interface.c_str()) == 0;
}

// Places of loss that belong to no port: a line in the results only where something happened.
results::PortResult inside(std::string what, std::size_t lcore) {
  results::PortResult place;
  place.host = std::move(what);
  place.device = "inside the data plane";
  place.lcore = lcore;
  place.is_port = false;
  return place;
}

}  // namespace

results::PortResult Testbed::port_result(std::size_t p, const dataplane::PortCounters& seen) const {
  const dataplane::PortConfig& config = config_.ports[p];
  const dataplane::Engine::DriverStatistics driver = engine_->driver_statistics(p);
  results::PortResult port{config.host,    config.device, seen.rx_frames, seen.rx_bytes,
                           seen.tx_frames, seen.tx_bytes, driver.losses};
  port.pause_frames = seen.pause_frames;
  port.gone = driver.gone;
  port.steering = driver.steering;
  port.lcore = config_.sites[config.site].lcore;
  port.losses.emplace_back("tx_refused", seen.losses.tx_refused);
  port.losses.emplace_back("no_buffer", seen.losses.no_buffer);
  port.losses.emplace_back("oversized", seen.losses.oversized);
  if (!lab_index_[p] || port.gone) return port;
  try {
    const std::uint64_t most_sent = sent_.empty() ? std::numeric_limits<std::uint64_t>::max() : sent_[p];
    add_veth_losses(hosts_->read_counters(*lab_index_[p]), most_sent, port);
  } catch (const std::runtime_error&) {
    port.gone = is_gone(hosts_->hosts()[*lab_index_[p]].emulator_interface);
    if (!port.gone) throw;
  }
  return port;
}

void Testbed::look_for_faults() {
  constexpr Duration kBetweenLooks = Duration::milliseconds(500);
  next_look_ = engine_->now() + kBetweenLooks;
  told_gone_.resize(lab_index_.size());
  for (std::size_t h = 0; h < lab_index_.size(); ++h) {
    if (!lab_index_[h] || told_gone_[h]) continue;
    const nic::LabHost& host = hosts_->hosts()[*lab_index_[h]];
    if (!is_gone(host.emulator_interface)) continue;
    told_gone_[h] = true;
    if (!on_fault_) continue;
    on_fault_(fmt::format("interface {} of host {} was deleted: nothing reaches that host any more",
                          host.emulator_interface, host.name));
  }
}

// A host that still sends while the data plane stops would seem to have lost what comes after. What was sent
// by now has been taken a few samples later.
void Testbed::note_what_was_sent() {
  constexpr auto kPatience = std::chrono::seconds(1);
  std::vector<std::uint64_t> sent(config_.ports.size());
  for (std::size_t p = 0; p < sent.size(); ++p) {
    if (!lab_index_[p] || is_gone(hosts_->hosts()[*lab_index_[p]].emulator_interface)) continue;
    sent[p] = hosts_->read_counters(*lab_index_[p]).host.tx_packets;
  }
  const Instant taken = engine_->now() + config_.sample_interval + config_.sample_interval;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (latest_.at < taken && std::chrono::steady_clock::now() < deadline) {
    poll(nullptr, 0, 10);
    drain();
  }
  sent_ = std::move(sent);
}

std::vector<results::PortResult> Testbed::port_results(const dataplane::Sample& sample) const {
  std::vector<results::PortResult> ports;
  for (std::size_t p = 0; p < config_.ports.size(); ++p) ports.push_back(port_result(p, sample.ports[p]));
  for (std::size_t d = 0; d < config_.directions.size(); ++d) {
    const dataplane::DirectionSample& seen = sample.directions[d];
    if (seen.store_full + seen.handover_full == 0) continue;
    const dataplane::DirectionConfig& config = config_.directions[d];
    ports.push_back(
        inside(fmt::format("link {} {} -> {}", topology_.links[config.owner.link].name,
                           topology_.sites[config.from_site].name, topology_.sites[config.to_site].name),
               config_.sites[config.from_site].lcore));
    ports.back().losses = {{"store_full", seen.store_full}, {"handover_full", seen.handover_full}};
  }
  for (std::size_t l = 0; l < sample.lcores.size(); ++l) {
    if (sample.lcores[l].lost_pauses == 0) continue;
    ports.push_back(inside(fmt::format("lcore {}", l), l));
    ports.back().losses = {{"lost_pauses", sample.lcores[l].lost_pauses}};
  }
  return ports;
}

std::vector<results::HookResult> Testbed::hook_results(std::size_t direction) const {
  std::vector<results::HookResult> results;
  for (const std::size_t place : {0, 1}) {
    const auto& seen = latest_.directions[direction].hooks[place];
    if (!seen) continue;
    for (const dataplane::HookConfig& hook : config_.directions[direction].hooks) {
      if (!hook.is_at(place)) continue;
      const auto swapped = swapped_hooks_.find({direction, place});
      results.push_back(
          {place == 0 ? "ingress" : "egress",
           std::filesystem::path(swapped == swapped_hooks_.end() ? hook.program : swapped->second)
               .filename()
               .string(),
           seen->counters,
           {seen->counted.begin(), seen->counted.end()}});
    }
  }
  return results;
}

void Testbed::fill(results::RunRecord& record) const {
  for (std::size_t d = 0; d < config_.directions.size(); ++d) {
    const dataplane::DirectionConfig& config = config_.directions[d];
    const dataplane::DirectionSample& seen = latest_.directions[d];
    results::DirectionResult direction{
        topology_.links[config.owner.link].name,    topology_.sites[config.from_site].name,
        topology_.sites[config.to_site].name,       seen.counters,
        results::lateness_of(engine_->lateness(d)), config.link.queues.classes.size()};
    direction.lcore = config_.sites[config.to_site].lcore;
    direction.entered_late = seen.entered_late;
    direction.latest_entry_ns = seen.latest_entry.ns();
    direction.hooks = hook_results(d);
    record.directions.push_back(std::move(direction));
  }
  record.ports = port_results(latest_);
  for (std::size_t s = 0; s < topology_.sites.size(); ++s) {
    const dataplane::SwitchCounters counters = engine_->switch_counters(s);
    record.switches.push_back({topology_.sites[s].name, counters.forwarded, counters.flooded,
                               counters.filtered, counters.storm_limited});
  }
  record.samples_lost = engine_->samples_lost();
  for (const dataplane::LoopStatistics& loop : engine_->loop_statistics()) {
    results::LoopResult result;
    result.cpu = loop.cpu;
    result.turns = loop.turns;
    result.longest_turn_us = loop.longest_turn.to_seconds() * 1e6;
    result.gaps = loop.gaps;
    result.gap_ms = loop.gap_time.to_seconds() * 1e3;
    result.sleep_overrun_ms = loop.sleep_overrun.to_seconds() * 1e3;
    result.slept_ms = loop.slept.to_seconds() * 1e3;
    result.cpu_ms = loop.cpu_time.to_seconds() * 1e3;
    record.loops.push_back(result);
  }
  disturbance_->fill(record.loops);
  if (model_) model_->fill(record, engine_->background_age());
}

}  // namespace longhaul::scenario
