// SPDX-License-Identifier: GPL-2.0-only
#include "nic/xdp_steering_program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <stdexcept>

#include "nic/xdp_steering_object.h"

namespace longhaul::nic {
namespace {

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(fmt::format("steering program: {}: {}", what, std::strerror(error)));
}

bpf_object* open_object() {
  const std::span<const std::byte> image = steering_object();
  if (image.empty())
    throw std::runtime_error("steering program: this build has none; it takes clang and -Dbpf=enabled");
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  options.object_name = "steering";  // the filter is in the map steering.rodata
  bpf_object* object = bpf_object__open_mem(image.data(), image.size(), &options);
  if (object == nullptr) fail("cannot read it", errno);
  return object;
}

steering_filter as_shared(const std::vector<SteeringTerm>& terms) {
  steering_filter shared{};
  shared.used = static_cast<std::uint32_t>(terms.size());
  for (std::size_t i = 0; i < terms.size(); ++i) shared.terms[i] = terms[i].rule;
  return shared;
}

int map_of(const bpf_object* object, const char* name) {
  const int map = bpf_object__find_map_fd_by_name(object, name);
  if (map < 0) fail(fmt::format("no map {}", name), -map);
  return map;
}

}  // namespace

void SteeringProgram::Close::operator()(bpf_object* object) const {
  bpf_object__close(object);
}

SteeringProgram::SteeringProgram(const SteeringFilter& filter)
    : terms_(filter.terms()), object_(open_object()) {
  if (filter.everything()) throw std::logic_error("steering program: everything needs none");
  bpf_map* constants = bpf_object__find_map_by_name(object_.get(), ".rodata");
  const steering_filter shared = as_shared(terms_);
  if (constants == nullptr) fail("no constants", ENOENT);
  if (const int error = bpf_map__set_initial_value(constants, &shared, sizeof shared); error != 0)
    fail("cannot set the filter", -error);
  if (const int error = bpf_object__load(object_.get()); error != 0) fail("the kernel refuses it", -error);
  const bpf_program* program = bpf_object__find_program_by_name(object_.get(), "longhaul_xdp");
  if (program == nullptr) fail("no function longhaul_xdp", ENOENT);
  program_ = bpf_program__fd(program);
  sockets_ = map_of(object_.get(), "steer_sockets");
  counters_ = map_of(object_.get(), "steer_counters");
}

void SteeringProgram::deliver_to(int socket) {
  const std::uint32_t queue = 0;
  if (bpf_map_update_elem(sockets_, &queue, &socket, 0) != 0) fail("cannot give it the socket", errno);
}

std::uint64_t SteeringProgram::read(std::uint32_t counter) const {
  std::vector<std::uint64_t> of_cpus(static_cast<std::size_t>(std::max(1, libbpf_num_possible_cpus())));
  if (bpf_map_lookup_elem(counters_, &counter, of_cpus.data()) != 0) fail("cannot read its counters", errno);
  return std::accumulate(of_cpus.begin(), of_cpus.end(), std::uint64_t{0});
}

std::vector<std::pair<std::string, std::uint64_t>> SteeringProgram::counters() const {
  std::vector<std::pair<std::string, std::uint64_t>> all;
  for (std::uint32_t i = 0; i < terms_.size(); ++i) all.emplace_back("taken " + terms_[i].text, read(i));
  constexpr std::array<std::pair<const char*, std::uint32_t>, 4> kPassed{
      {{"passed no_match", STEERING_NO_MATCH},
       {"passed malformed", STEERING_MALFORMED},
       {"passed fragment", STEERING_FRAGMENT},
       {"passed no_socket", STEERING_NO_SOCKET}}};
  for (const auto& [name, counter] : kPassed) all.emplace_back(name, read(counter));
  return all;
}

}  // namespace longhaul::nic
