// SPDX-License-Identifier: GPL-2.0-only
#include "nic/probes/host_probes.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "nic/file_descriptor.h"
#include "nic/netns.h"
#include "nic/probes/probe_attach.h"
#include "nic/probes/probe_programs.h"
#include "results/histogram.h"

namespace longhaul::nic {
namespace {

constexpr const char* kKernelTypes = "/sys/kernel/btf/vmlinux";

std::uint64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

// Calls `each` for every entry of a hash map; entries are never deleted, so the walk misses none that is
// there.
template <typename Key, typename Value, typename Each>
void for_each_entry(int map, std::uint64_t flags, const Each& each) {
  Key key{};
  for (int more = bpf_map_get_next_key(map, nullptr, &key); more == 0;) {
    Value value{};
    if (bpf_map_lookup_elem_flags(map, &key, &value, flags) == 0) each(key, value);
    Key next{};
    more = bpf_map_get_next_key(map, &key, &next);
    key = next;
  }
}

FlowCount count_of(const probe_flow_key& key, const probe_flow& flow) {
  return {.flow = flow_id_of(key),
          .host = key.host,
          .direction = key.direction == PROBE_EGRESS ? ProbeDirection::kSent : ProbeDirection::kReceived,
          .frames = flow.frames,
          .bytes = flow.bytes,
          .first_ns = flow.first_ns,
          .last_ns = flow.last_ns,
          .bursts = flow.bursts,
          .largest_gap_ns = flow.largest_gap_ns};
}

ConnectionCount count_of(std::uint64_t cookie, const probe_connection& seen) {
  ConnectionCount count;
  count.cookie = cookie;
  count.host = seen.host;
  count.local = ip_address_of(seen.ip_version, seen.local);
  count.remote = ip_address_of(seen.ip_version, seen.remote);
  count.local_port = seen.local_port;
  count.remote_port = seen.remote_port;
  count.active = seen.active != 0;
  count.established = seen.established != 0;
  count.closed = seen.closed != 0;
  count.opened_ns = seen.opened_ns;
  count.last_ns = seen.last_ns;
  count.rtt_samples = seen.rtt_samples;
  count.retransmissions = seen.retransmissions;
  count.retransmitted_segments = seen.retransmitted_segments;
  count.failed_segments = seen.failed_segments;
  count.timeouts = seen.timeouts;
  count.bytes_acked = seen.bytes_acked;
  count.bytes_received = seen.bytes_received;
  count.cwnd_segments = seen.cwnd_segments;
  count.srtt_us = seen.srtt_us;
  count.rtt_min_us = seen.rtt_min_us;
  return count;
}

ConnectionSample sample_of(const probe_sample& told) {
  ConnectionSample sample;
  sample.cookie = told.connection;
  sample.host = told.record.host;
  sample.time_ns = told.record.time_ns;
  sample.event = told.event == PROBE_RTT              ? ConnectionEvent::kRtt
                 : told.event == PROBE_RETRANSMISSION ? ConnectionEvent::kRetransmission
                 : told.event == PROBE_TIMEOUT        ? ConnectionEvent::kTimeout
                                                      : ConnectionEvent::kClosed;
  sample.srtt_us = told.srtt_us;
  sample.rtt_us = told.rtt_us;
  sample.cwnd_segments = told.cwnd_segments;
  sample.ssthresh_segments = told.ssthresh_segments;
  sample.in_flight_segments = told.in_flight_segments;
  sample.event_segments = told.event_segments;
  if (told.rate_interval_us != 0)
    sample.delivery_bytes_per_second =
        std::uint64_t{told.rate_segments} * told.mss_bytes * 1'000'000 / told.rate_interval_us;
  sample.bytes_acked = told.bytes_acked;
  return sample;
}

probe_settings constants_of(const ProbeSettings& settings) {
  if (settings.burst_gap.count() <= 0)
    throw std::invalid_argument("probes: the burst gap must be above zero");
  if (settings.longest_delay.count() <= 0)
    throw std::invalid_argument("probes: the longest delay must be above zero");
  if (settings.most_flows == 0 || settings.most_connections == 0)
    throw std::invalid_argument("probes: room for one flow and one connection is needed at least");
  if (settings.record_bytes > 1U << 30)
    throw std::invalid_argument("probes: the ring buffer of records has at most 1 GiB");
  probe_settings constants{};
  constants.burst_gap_ns = static_cast<std::uint64_t>(settings.burst_gap.count());
  constants.stamp_every = settings.stamp_every;
  constants.rtt_every = settings.rtt_every;
  constants.retransmission_tells_error = retransmission_tells_error() ? 1 : 0;
  return constants;
}

std::uint32_t checked_count(const std::vector<ProbeHost>& hosts) {
  if (hosts.empty() || hosts.size() > 65'535)
    throw std::invalid_argument(fmt::format("probes: 1 to 65535 hosts, not {}", hosts.size()));
  return static_cast<std::uint32_t>(hosts.size());
}

}  // namespace

class HostProbes::Impl {
 public:
  Impl(const std::vector<ProbeHost>& hosts, const ProbeSettings& settings)
      : programs_(
            {settings.most_flows, settings.most_connections, settings.record_bytes, checked_count(hosts)},
            constants_of(settings)),
        joiner_({.longest_delay_ns = static_cast<std::uint64_t>(settings.longest_delay.count())}),
        hosts_(hosts.size()) {
    records_.reset(ring_buffer__new(programs_.records(), &Impl::take, this, nullptr));
    if (!records_)
      throw std::runtime_error(fmt::format("cannot read the host probes: {}", std::strerror(errno)));
    for (std::size_t host = 0; host < hosts.size(); ++host) watch_interface(host, hosts[host]);
    links_.push_back(attach_tracepoint(programs_.retransmission()));
    if (!settings.cgroup.empty())
      links_.push_back(attach_sock_ops(programs_.tcp(), settings.cgroup.string()));
  }

  void poll(const std::function<void(const ConnectionSample&)>& sample) {
    const std::uint64_t before = now_ns();
    sink_ = &sample;
    ring_buffer__consume(records_.get());
    sink_ = nullptr;
    // What comes in later than this was not read yet.
    joiner_.expire(before);
  }

  void watch_interface(std::size_t host, const ProbeHost& spec) {
    try {
      run_in_namespace(spec.network_namespace, [&] {
        cookies_.push_back(network_namespace_cookie());
        probe_namespace entry{};
        entry.host = static_cast<std::uint32_t>(host);
        // Of two interfaces in one namespace the first stands for it.
        if (bpf_map_update_elem(programs_.namespaces(), &cookies_.back(), &entry, BPF_NOEXIST) != 0 &&
            errno != EEXIST)
          throw std::runtime_error(fmt::format("cannot note its namespace: {}", std::strerror(errno)));
        links_.push_back(attach_tcx(programs_.ingress(host), spec.interface, TcxPlace::kIngress));
        links_.push_back(attach_tcx(programs_.egress(host), spec.interface, TcxPlace::kEgress));
      });
    } catch (const std::exception& error) {
      throw std::runtime_error(fmt::format("host {}: {}", spec.name, error.what()));
    }
  }

  // Called by libbpf for each record.
  static int take(void* self, void* data, std::size_t size) noexcept {
    static_cast<Impl*>(self)->take(data, size);
    return 0;
  }

  void take(const void* data, std::size_t size) {
    const auto* record = static_cast<const probe_record*>(data);
    if (record->kind == PROBE_STAMP && size >= sizeof(probe_stamp))
      joiner_.add(*static_cast<const probe_stamp*>(data));
    if (record->kind == PROBE_SAMPLE && size >= sizeof(probe_sample))
      take(*static_cast<const probe_sample*>(data));
  }

  void take(const probe_sample& told) {
    if (told.event == PROBE_RTT)
      rtts_[told.connection].record(Duration::microseconds(told.rtt_us != 0 ? told.rtt_us : told.srtt_us));
    if (*sink_) (*sink_)(sample_of(told));
  }

  struct FreeRing {
    void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
  };

  ProbePrograms programs_;
  DelayJoiner joiner_;
  std::size_t hosts_;
  std::unique_ptr<ring_buffer, FreeRing> records_;
  std::vector<UniqueFd> links_;
  std::vector<std::uint64_t> cookies_;
  std::unordered_map<std::uint64_t, results::LatenessHistogram> rtts_;  // by connection
  const std::function<void(const ConnectionSample&)>* sink_ = nullptr;
};

std::optional<std::string> HostProbes::why_not() {
  if (::access(kKernelTypes, R_OK) != 0)
    return fmt::format("no host probes: {}: {} (the kernel's BTF is needed)", kKernelTypes,
                       std::strerror(errno));
  const UniqueFd map(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "probe_rights", 0, 0,
                                    static_cast<std::uint32_t>(::sysconf(_SC_PAGESIZE)), nullptr));
  if (!map)
    return fmt::format("no host probes: this process may not make BPF maps: {}", std::strerror(errno));
  return std::nullopt;
}

HostProbes::HostProbes(const std::vector<ProbeHost>& hosts, const ProbeSettings& settings)
    : impl_(std::make_unique<Impl>(hosts, settings)) {}
HostProbes::HostProbes(HostProbes&&) noexcept = default;
HostProbes& HostProbes::operator=(HostProbes&&) noexcept = default;
HostProbes::~HostProbes() = default;

void HostProbes::poll(const std::function<void(const ConnectionSample&)>& sample) {
  impl_->poll(sample);
}

std::vector<FlowCount> HostProbes::flows() const {
  std::vector<FlowCount> all;
  for_each_entry<probe_flow_key, probe_flow>(impl_->programs_.flows(), BPF_F_LOCK,
                                             [&](const probe_flow_key& key, const probe_flow& flow) {
                                               if (flow.frames != 0) all.push_back(count_of(key, flow));
                                             });
  return all;
}

InterfaceTotals HostProbes::totals(std::size_t host, ProbeDirection direction) const {
  if (host >= impl_->hosts_) throw std::out_of_range("probes: no such host");
  const auto slot = static_cast<std::uint32_t>(
      2 * host + (direction == ProbeDirection::kSent ? PROBE_EGRESS : PROBE_INGRESS));
  std::vector<probe_totals> cpus(static_cast<std::size_t>(libbpf_num_possible_cpus()));
  if (bpf_map_lookup_elem(impl_->programs_.totals(), &slot, cpus.data()) != 0)
    throw std::runtime_error(fmt::format("cannot read the host probes: {}", std::strerror(errno)));
  InterfaceTotals sum;
  for (const probe_totals& cpu : cpus) {
    sum.frames += cpu.frames;
    sum.bytes += cpu.bytes;
    sum.other_frames += cpu.other_frames;
    sum.other_bytes += cpu.other_bytes;
    sum.malformed_frames += cpu.malformed_frames;
    sum.malformed_bytes += cpu.malformed_bytes;
    sum.no_room_frames += cpu.no_room_frames;
    sum.no_room_bytes += cpu.no_room_bytes;
  }
  return sum;
}

std::vector<ConnectionCount> HostProbes::connections() const {
  std::vector<ConnectionCount> all;
  for_each_entry<std::uint64_t, probe_connection>(
      impl_->programs_.connections(), 0, [&](std::uint64_t cookie, const probe_connection& seen) {
        ConnectionCount count = count_of(cookie, seen);
        if (const auto rtts = impl_->rtts_.find(cookie); rtts != impl_->rtts_.end()) {
          count.rtt_p50 = rtts->second.percentile(50);
          count.rtt_p99 = rtts->second.percentile(99);
          count.rtt_max = rtts->second.max();
        }
        all.push_back(count);
      });
  return all;
}

HostRetransmissions HostProbes::retransmissions(std::size_t host) const {
  probe_namespace seen{};
  if (bpf_map_lookup_elem(impl_->programs_.namespaces(), &impl_->cookies_.at(host), &seen) != 0)
    throw std::runtime_error(fmt::format("cannot read the host probes: {}", std::strerror(errno)));
  return {seen.retransmissions, seen.retransmitted_segments, seen.failed_segments};
}

std::vector<FlowDelay> HostProbes::delays() const {
  return impl_->joiner_.flows();
}

ProbeLosses HostProbes::losses() const {
  const std::uint32_t only = 0;
  probe_losses lost{};
  if (bpf_map_lookup_elem(impl_->programs_.losses(), &only, &lost) != 0)
    throw std::runtime_error(fmt::format("cannot read the host probes: {}", std::strerror(errno)));
  return {lost.samples, lost.stamps, lost.connections, impl_->joiner_.losses()};
}

}  // namespace longhaul::nic
