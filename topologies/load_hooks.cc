// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load_hooks.h"

#include <fmt/format.h>

#include <algorithm>

#include "topologies/bounds.h"
#include "topologies/link_values.h"
#include "topologies/quantity.h"
#include "topologies/yaml_text.h"

namespace longhaul::topology {
namespace {

constexpr std::string_view kPrograms =
    "a file NAME.bpf.o or NAME.bpf.c, or the name of a hook that longhaul ships";
constexpr std::size_t kMostHooks = 2;  // of a direction: one at each place
constexpr std::size_t kLongestName = 64;

bool is_shipped_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string read_program(const YamlValue& value) {
  const std::string& name = value.text(kPrograms);
  if (name.ends_with(".bpf.o") || name.ends_with(".bpf.c")) {
    return std::filesystem::absolute(value.path_of(name)).lexically_normal().string();
  }
  if (!is_shipped_name(name))
    value.fail(fmt::format("{} is not a program, allowed: {}", in_quotes(name), kPrograms));
  return name;
}

std::vector<Hook::Parameter> read_parameters(const YamlValue& value) {
  std::vector<Hook::Parameter> parameters;
  for (const YamlValue& parameter : value.named()) {
    parameters.push_back({parameter.key(), parameter.text("a whole number, of a variable of the program")});
  }
  return parameters;
}

Hook read_hook(const YamlValue& value) {
  Hook hook;
  if (value.is_scalar()) {
    hook.program = read_program(value);
    return hook;
  }
  const YamlMap map = value.map({"program", "at", "parameters", "longest_delay"});
  hook.program = read_program(map.need("program", kPrograms));
  if (const auto at = map.find("at")) {
    hook.place = at->choice({"ingress", "egress"}) == 0 ? Hook::Place::kIngress : Hook::Place::kEgress;
  }
  if (const auto parameters = map.find("parameters")) hook.parameters = read_parameters(*parameters);
  if (const auto longest = map.find("longest_delay")) {
    hook.longest_delay = read_time(*longest, Duration(), limits::kLongestDelay);
  }
  return hook;
}

}  // namespace

std::vector<Hook> read_hooks(const YamlValue& value) {
  const std::vector<YamlValue> items = value.items();
  if (items.size() > kMostHooks) {
    value.fail(fmt::format("{} hooks are too many, allowed: one at ingress and one at egress", items.size()));
  }
  std::vector<Hook> hooks;
  for (const YamlValue& item : items) hooks.push_back(read_hook(item));
  if (hooks.size() == kMostHooks &&
      (hooks[0].place == hooks[1].place || hooks[0].place == Hook::Place::kAll ||
       hooks[1].place == Hook::Place::kAll)) {
    value.fail(
        "two hooks may be at the same place, allowed: `at: ingress` for one and `at: egress` for the other");
  }
  return hooks;
}

std::string effective_hooks(const std::vector<Hook>& hooks, std::string_view indent) {
  if (hooks.empty()) return {};
  constexpr std::string_view kPlaces[] = {"", ", at: ingress", ", at: egress"};
  std::string text = fmt::format("{}hooks:\n", indent);
  for (const Hook& hook : hooks) {
    std::string parameters;
    for (const Hook::Parameter& parameter : hook.parameters) {
      parameters += fmt::format("{}{}: {}", parameters.empty() ? "" : ", ", yaml_quoted(parameter.name),
                                yaml_quoted(parameter.value));
    }
    text += fmt::format("{}  - {{ program: {}{}, parameters: {{{}}}, longest_delay: {} }}\n", indent,
                        yaml_quoted(hook.program), kPlaces[static_cast<std::size_t>(hook.place)],
                        parameters.empty() ? "" : " " + parameters + " ", to_text(hook.longest_delay));
  }
  return text;
}

}  // namespace longhaul::topology
