// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include "scenarios/coupled_model.h"

namespace longhaul::scenario {

Coupled::Coupled(const topology::Topology& topology, const std::vector<traffic::Background>& background,
                 const Coupling& coupling) {
  for (const traffic::Background& one : background) {
    const std::vector<topology::Hop> way = traffic::way_of(topology, one.name, one.from, one.to);
    const bool is_inline = std::any_of(way.begin(), way.end(), [&](const topology::Hop& hop) {
      return std::binary_search(coupling.inline_links.begin(), coupling.inline_links.end(), hop.link);
    });
    (is_inline ? simulated : shadowed).push_back(one);
  }
}

}  // namespace longhaul::scenario
