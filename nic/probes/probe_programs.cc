// SPDX-License-Identifier: GPL-2.0-only
#include "nic/probes/probe_programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <host_probe.skel.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace longhaul::nic {
namespace {

std::string& last_warning() {
  static std::string text;
  return text;
}

int note(libbpf_print_level level, const char* format, std::va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  char line[256];
  std::vsnprintf(line, sizeof line, format, arguments);
  const std::string_view text(line);
  // The first says what went wrong; a verifier's log and what follows from it come after.
  if (last_warning().empty()) last_warning() = text.substr(0, text.find('\n'));
  return 0;
}

// What libbpf would print goes into the exception instead.
class Chatter {
 public:
  Chatter() : previous_(libbpf_set_print(note)) { last_warning().clear(); }
  Chatter(const Chatter&) = delete;
  Chatter& operator=(const Chatter&) = delete;
  ~Chatter() { libbpf_set_print(previous_); }

 private:
  libbpf_print_fn_t previous_;
};

[[noreturn]] void fail(int error) {
  std::string why = std::strerror(error);
  if (!last_warning().empty()) why += fmt::format(" ({})", last_warning());
  throw std::runtime_error(fmt::format("cannot load the host probes: {}", why));
}

void check(int result) {
  if (result != 0) fail(-result);
}

std::uint32_t ring_size(std::uint32_t bytes) {
  return std::bit_ceil(std::max(bytes, static_cast<std::uint32_t>(::sysconf(_SC_PAGESIZE))));
}

using MapField = bpf_map* decltype(host_probe_bpf::maps)::*;
using Maps = decltype(host_probe_bpf::maps);
constexpr MapField kShared[] = {&Maps::probe_flows, &Maps::probe_totals, &Maps::probe_spaces,
                                &Maps::probe_conns, &Maps::probe_losses, &Maps::probe_records};

void size_maps(host_probe_bpf& skeleton, const ProbeSizes& sizes) {
  check(bpf_map__set_max_entries(skeleton.maps.probe_flows, sizes.flows));
  check(bpf_map__set_max_entries(skeleton.maps.probe_conns, sizes.connections));
  check(bpf_map__set_max_entries(skeleton.maps.probe_records, ring_size(sizes.record_bytes)));
  check(bpf_map__set_max_entries(skeleton.maps.probe_totals, 2 * sizes.hosts));
  check(bpf_map__set_max_entries(skeleton.maps.probe_spaces, sizes.hosts));
}

void share_maps(host_probe_bpf& skeleton, const host_probe_bpf& first) {
  for (const MapField map : kShared)
    check(bpf_map__reuse_fd(skeleton.maps.*map, bpf_map__fd(first.maps.*map)));
  check(bpf_program__set_autoload(skeleton.progs.probe_tcp, false));
  check(bpf_program__set_autoload(skeleton.progs.probe_retransmission, false));
}

}  // namespace

void ProbePrograms::Unload::operator()(host_probe_bpf* skeleton) const {
  host_probe_bpf::destroy(skeleton);
}

ProbePrograms::ProbePrograms(const ProbeSizes& sizes, probe_settings settings) {
  const Chatter chatter;
  for (std::uint32_t host = 0; host < sizes.hosts; ++host) {
    std::unique_ptr<host_probe_bpf, Unload> skeleton(host_probe_bpf::open());
    if (!skeleton) fail(errno);
    if (instances_.empty())
      size_maps(*skeleton, sizes);
    else
      share_maps(*skeleton, *instances_.front());
    settings.host = host;
    skeleton->rodata->settings = settings;
    check(host_probe_bpf::load(skeleton.get()));
    instances_.push_back(std::move(skeleton));
  }
}

ProbePrograms::~ProbePrograms() = default;

int ProbePrograms::egress(std::size_t host) const {
  return bpf_program__fd(instances_.at(host)->progs.probe_egress);
}
int ProbePrograms::ingress(std::size_t host) const {
  return bpf_program__fd(instances_.at(host)->progs.probe_ingress);
}
int ProbePrograms::tcp() const {
  return bpf_program__fd(instances_.at(0)->progs.probe_tcp);
}
int ProbePrograms::retransmission() const {
  return bpf_program__fd(instances_.at(0)->progs.probe_retransmission);
}
int ProbePrograms::flows() const {
  return bpf_map__fd(instances_.at(0)->maps.probe_flows);
}
int ProbePrograms::totals() const {
  return bpf_map__fd(instances_.at(0)->maps.probe_totals);
}
int ProbePrograms::namespaces() const {
  return bpf_map__fd(instances_.at(0)->maps.probe_spaces);
}
int ProbePrograms::connections() const {
  return bpf_map__fd(instances_.at(0)->maps.probe_conns);
}
int ProbePrograms::losses() const {
  return bpf_map__fd(instances_.at(0)->maps.probe_losses);
}
int ProbePrograms::records() const {
  return bpf_map__fd(instances_.at(0)->maps.probe_records);
}

}  // namespace longhaul::nic
