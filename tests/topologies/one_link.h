// SPDX-License-Identifier: GPL-2.0-only
//
// A topology of one link, of which a test writes only the keys that it is about. Loading it also checks that
// the effective form gives the same topology.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "topologies/config_error.h"
#include "topologies/load.h"

namespace longhaul::test {

// A link of 10 ms round trip at 1 Gbit/s, so 1 bdp = 1,250,000 B, with more keys, each a line.
inline topology::Link link_with(const std::vector<std::string>& lines,
                                const std::vector<topology::Override>& overrides = {}) {
  std::string text =
      "name: x\nsites: { a: {}, b: {} }\nhosts: { h: { site: b } }\n"
      "links:\n  l:\n    between: [a, b]\n    delay: 5 ms\n    rate: 1 Gbit/s\n";
  for (const std::string& line : lines) text += "    " + line + "\n";
  const topology::Topology loaded = topology::load_text(text, "x.yaml", overrides);
  EXPECT_EQ(topology::load_text(topology::effective_yaml(loaded), "effective"), loaded)
      << topology::effective_yaml(loaded);
  return loaded.links.at(0);
}

inline core::LinkConfig forward_with(const std::string& line) {
  return link_with({line}).directions[topology::kForward];
}

inline std::string error_with(const std::vector<std::string>& lines) {
  try {
    link_with(lines);
  } catch (const topology::ConfigError& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace longhaul::test
