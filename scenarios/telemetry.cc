// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/telemetry.h"

#include <rte_eal.h>
#include <rte_telemetry.h>

#include <cerrno>
#include <mutex>
#include <string>
#include <string_view>

namespace longhaul::scenario {
namespace {

// Commands are plain functions without an argument of ours, so what they answer from has to be found here.
struct Published {
  std::mutex mutex;
  bool there = false;
  LiveView view;
};

Published& published() {
  static Published only;
  return only;
}

void add(rte_tel_data* dict, const char* name, std::uint64_t value) {
  rte_tel_data_add_dict_u64(dict, name, value);
}
void add(rte_tel_data* dict, const char* name, std::string_view text) {
  const std::string whole(text.substr(0, RTE_TEL_MAX_STRING_LEN - 1));
  rte_tel_data_add_dict_string(dict, name, whole.c_str());
}
void add(rte_tel_data* dict, const std::string& name, rte_tel_data* inner) {
  constexpr int kFreeWithOuter = 0;
  rte_tel_data_add_dict_container(dict, name.c_str(), inner, kFreeWithOuter);
}

rte_tel_data* new_dict() {
  rte_tel_data* dict = rte_tel_data_alloc();
  if (dict != nullptr) rte_tel_data_start_dict(dict);
  return dict;
}

std::uint64_t whole(double value) {
  return value <= 0 ? 0 : static_cast<std::uint64_t>(value + 0.5);
}

void fill(rte_tel_data* dict, const LiveDirection& direction) {
  const core::LinkCounters& counters = direction.now.counters;
  add(dict, "from", direction.from);
  add(dict, "to", direction.to);
  add(dict, "in_frames", counters.in.frames);
  add(dict, "in_bytes", counters.in.bytes);
  add(dict, "out_frames", counters.out.frames);
  add(dict, "out_bytes", counters.out.bytes);
  for (std::size_t c = 0; c < core::kDropCauses; ++c) {
    const std::string name = "dropped_" + std::string(core::name(static_cast<core::DropCause>(c)));
    add(dict, name.c_str(), counters.dropped[c].frames);
  }
  add(dict, "dropped_hook", direction.now.hook_dropped().frames);
  add(dict, "marked_frames", direction.marked());
  add(dict, "held_frames", counters.held.frames);
  add(dict, "held_bytes", counters.held.bytes);
  add(dict, "queue_bytes", counters.queue_bytes);
  add(dict, "queue_peak_bytes", counters.queue_peak_bytes);
  add(dict, "rate_bps", direction.now.state.rate.bps());
  add(dict, "delay_ns", static_cast<std::uint64_t>(direction.now.state.delay.ns()));
  add(dict, "buffer_bytes", direction.now.state.buffer.count());
  add(dict, "up", direction.now.state.dark ? 0 : 1);
  add(dict, "changes", direction.now.changes);
  add(dict, "in_bps", whole(direction.in_bps));
  add(dict, "out_bps", whole(direction.out_bps));
  add(dict, "lateness_p50_ns", static_cast<std::uint64_t>(direction.now.lateness.p50_ns));
  add(dict, "lateness_p99_ns", static_cast<std::uint64_t>(direction.now.lateness.p99_ns));
  add(dict, "store_full", direction.now.store_full);
  add(dict, "handover_full", direction.now.handover_full);
}

int links(const char*, const char*, rte_tel_data* data) {
  const std::scoped_lock lock(published().mutex);
  if (!published().there) return -ENOENT;
  rte_tel_data_start_array(data, RTE_TEL_STRING_VAL);
  for (const LiveDirection& direction : published().view.directions) {
    if (direction.direction == "forward") rte_tel_data_add_array_string(data, direction.link.c_str());
  }
  return 0;
}

int link_by_name(const char*, const char* params, rte_tel_data* data) {
  const std::scoped_lock lock(published().mutex);
  if (!published().there || params == nullptr) return -EINVAL;
  rte_tel_data_start_dict(data);
  bool found = false;
  for (const LiveDirection& direction : published().view.directions) {
    if (direction.link != params) continue;
    rte_tel_data* inner = new_dict();
    if (inner == nullptr) return -ENOMEM;
    fill(inner, direction);
    add(data, direction.direction, inner);
    found = true;
  }
  return found ? 0 : -ENOENT;
}

int ports(const char*, const char*, rte_tel_data* data) {
  const std::scoped_lock lock(published().mutex);
  if (!published().there) return -ENOENT;
  rte_tel_data_start_dict(data);
  for (const LivePort& live : published().view.ports) {
    rte_tel_data* inner = new_dict();
    if (inner == nullptr) return -ENOMEM;
    add(inner, "device", live.port.device);
    add(inner, "address", live.address);
    add(inner, "rx_frames", live.port.rx_frames);
    add(inner, "rx_bytes", live.port.rx_bytes);
    add(inner, "tx_frames", live.port.tx_frames);
    add(inner, "tx_bytes", live.port.tx_bytes);
    add(inner, "pause_frames", live.port.pause_frames);
    std::uint64_t lost = 0;
    for (const auto& [place, frames] : live.port.losses) {
      if (!only_at_rest(place)) lost += frames;
    }
    add(inner, "emulator_lost_frames", lost);
    add(data, live.port.host, inner);
  }
  return 0;
}

int lcores(const char*, const char*, rte_tel_data* data) {
  const std::scoped_lock lock(published().mutex);
  if (!published().there) return -ENOENT;
  rte_tel_data_start_dict(data);
  for (std::size_t l = 0; l < published().view.lcores.size(); ++l) {
    const dataplane::LoopStatistics& loop = published().view.lcores[l].loop;
    rte_tel_data* inner = new_dict();
    if (inner == nullptr) return -ENOMEM;
    add(inner, "cpu", loop.cpu);
    add(inner, "turns", loop.turns);
    add(inner, "idle_sleeps", loop.idle_sleeps);
    add(inner, "gaps", loop.gaps);
    add(inner, "gap_time_ns", static_cast<std::uint64_t>(loop.gap_time.ns()));
    add(inner, "longest_turn_ns", static_cast<std::uint64_t>(loop.longest_turn.ns()));
    add(inner, "cpu_time_ns", static_cast<std::uint64_t>(loop.cpu_time.ns()));
    add(inner, "slept_ns", static_cast<std::uint64_t>(loop.slept.ns()));
    add(data, std::to_string(l), inner);
  }
  return 0;
}

void register_once() {
  [[maybe_unused]] static const bool done = [] {
    rte_telemetry_register_cmd("/longhaul/links", links, "Names of the links. Takes no parameters");
    rte_telemetry_register_cmd("/longhaul/link", link_by_name,
                               "Both directions of a link. Parameters: string name");
    rte_telemetry_register_cmd("/longhaul/ports", ports,
                               "Ports of the data plane, by host. Takes no parameters");
    rte_telemetry_register_cmd("/longhaul/lcores", lcores, "Loops of the data plane. Takes no parameters");
    return true;
  }();
}

}  // namespace

Telemetry::Telemetry() {
  register_once();
}

Telemetry::~Telemetry() {
  const std::scoped_lock lock(published().mutex);
  published().there = false;
}

void Telemetry::publish(const LiveView& view) {
  const std::scoped_lock lock(published().mutex);
  published().view = view;
  published().there = true;
}

std::filesystem::path Telemetry::socket() {
  const std::filesystem::path directory = rte_eal_get_runtime_dir();
  const std::filesystem::path path = directory / "dpdk_telemetry.v2";
  std::error_code ignored;
  return std::filesystem::is_socket(path, ignored) ? path : std::filesystem::path();
}

}  // namespace longhaul::scenario
