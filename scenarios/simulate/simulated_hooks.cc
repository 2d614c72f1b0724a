// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/simulate/simulated_hooks.h"

#include <array>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "emulator/hooks/hook_judge.h"
#include "emulator/hooks/hook_program.h"
#include "scenarios/hook_files.h"
#include "scenarios/scratch_directory.h"

namespace longhaul::scenario {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

bool is_at(const topology::Hook& hook, lh_place place) {
  using Place = topology::Hook::Place;
  return hook.place != (place == LH_INGRESS ? Place::kEgress : Place::kIngress);
}

// Of the host that sent it; 0 when there is none.
std::uint16_t vlan_of(std::span<const std::byte> frame, const topology::Topology& topology) {
  constexpr std::size_t kSourceAt = 14 + 12;  // RFC 791
  if (frame.size() < kSourceAt + 4) return 0;
  std::uint32_t address = 0;
  for (std::size_t i = 0; i < 4; ++i)
    address = address << 8 | std::to_integer<std::uint32_t>(frame[kSourceAt + i]);
  const std::size_t host = std::size_t{address} - wide::host_address(0).Get();
  return host < topology.hosts.size() ? topology.hosts[host].vlan : std::uint16_t{0};
}

}  // namespace

struct SimulatedHooks::Parts {
  using Direction = std::pair<std::size_t, topology::Direction>;  // of which link
  struct Met {
    std::string program;  // the file's name
    hooks::HookJudge judge;
    wide::LinkDevice& device;
  };

  explicit Parts(const Scenario& of) : scenario(of) {}

  // Directions that name the same program with the same parameters share its variables, as in the data plane.
  const hooks::HookProgram& load(const topology::Hook& hook, const std::filesystem::path& shipped) {
    Parameters parameters;
    for (const auto& [name, value] : hook.parameters) parameters.emplace_back(name, value);
    auto& program = programs[{hook.program, parameters}];
    if (program != nullptr) return *program;
    const std::string file = hook_object(hook.program, shipped, [this] { return scratch.path(); });
    program = std::make_unique<hooks::HookProgram>(file, hooks::MapMemory::kPrivate, hook.program);
    for (const auto& [variable, value] : parameters) program->set_parameter(variable, value);
    return *program;
  }

  void meet(const topology::Hook& hook, const hooks::HookProgram& program, lh_place place, Direction of,
            wide::LinkDevice& device) {
    const core::StreamOwner owner{static_cast<std::uint32_t>(of.first),
                                  static_cast<std::uint32_t>(of.second)};
    auto& here = met[of][place];
    here = std::make_unique<Met>(Met{std::filesystem::path(hook.program).filename().string(),
                                     hooks::HookJudge(program, place, owner, scenario.seed), device});
    device.meet_hook(
        place,
        [&judge = here->judge, &topology = scenario.topology](hooks::MetFrame frame) {
          frame.vlan = vlan_of(frame.bytes, topology);
          return judge.judge(frame);
        },
        hook.longest_delay);
  }

  const Scenario& scenario;
  ScratchDirectory scratch;
  std::map<std::pair<std::string, Parameters>, std::unique_ptr<hooks::HookProgram>> programs;
  std::map<Direction, std::array<std::unique_ptr<Met>, 2>> met;  // by place
};

SimulatedHooks::SimulatedHooks(const Scenario& scenario, const wide::Network& network,
                               const std::filesystem::path& shipped)
    : parts_(std::make_unique<Parts>(scenario)) {
  for (std::size_t l = 0; l < scenario.topology.links.size(); ++l) {
    for (const topology::Direction d : {topology::kForward, topology::kReverse}) {
      for (const topology::Hook& hook : scenario.topology.links[l].hooks[d]) {
        const hooks::HookProgram& program = parts_->load(hook, shipped);
        for (const lh_place place : {LH_INGRESS, LH_EGRESS}) {
          if (is_at(hook, place) && program.has(place))
            parts_->meet(hook, program, place, {l, d}, network.device(l, d));
        }
      }
    }
  }
}

SimulatedHooks::~SimulatedHooks() = default;

std::vector<results::HookResult> SimulatedHooks::results(std::size_t link,
                                                         topology::Direction direction) const {
  std::vector<results::HookResult> results;
  const auto found = parts_->met.find({link, direction});
  if (found == parts_->met.end()) return results;
  for (const lh_place place : {LH_INGRESS, LH_EGRESS}) {
    const auto& met = found->second[place];
    if (met == nullptr) continue;
    const auto& counted = met->judge.counted();
    results.push_back({place == LH_INGRESS ? "ingress" : "egress",
                       met->program,
                       met->device.hook_counters(place),
                       {counted.begin(), counted.end()}});
  }
  return results;
}

}  // namespace longhaul::scenario
