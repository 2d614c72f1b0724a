// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/load_steering.h"

#include <fmt/format.h>

#include <stdexcept>

#include "nic/xdp_steering.h"
#include "topologies/yaml_text.h"

namespace longhaul::topology {
namespace {

// The filter of these terms, which `value` holds.
nic::SteeringFilter filter_of(const YamlValue& value, const std::vector<std::string>& terms) {
  try {
    return nic::SteeringFilter(terms);
  } catch (const std::runtime_error& error) {
    value.fail(error.what());
  }
}

}  // namespace

bool is_xdp_port(std::string_view device) {
  return device.starts_with("xdp,");
}

std::vector<std::string> read_steering(const YamlValue& value) {
  constexpr std::string_view kAllowed = "a term such as `tcp 5201-5210`, a list of them, or `everything`";
  std::vector<std::string> texts;
  if (!value.is_sequence()) {
    texts.push_back(value.text(kAllowed));
  } else {
    for (const YamlValue& item : value.items()) {
      texts.push_back(item.text(kAllowed));
      if (texts.back() != "everything")
        filter_of(item, {texts.back()});  // the line of the term, should it be wrong
    }
  }
  const nic::SteeringFilter filter = filter_of(value, texts);
  std::vector<std::string> terms;
  for (const nic::SteeringTerm& term : filter.terms()) terms.push_back(term.text);
  return terms;
}

std::string effective_steering(const std::vector<std::string>& terms) {
  if (terms.empty()) return {};
  std::string list;
  for (const std::string& term : terms) list += (list.empty() ? "" : ", ") + yaml_quoted(term);
  return fmt::format(", steer: [{}]", list);
}

}  // namespace longhaul::topology
