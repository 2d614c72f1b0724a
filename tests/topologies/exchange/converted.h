// SPDX-License-Identifier: GPL-2.0-only
//
// A conversion as tests make it: what is written loads to the same topology again, and the report adds up.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "topologies/config_error.h"
#include "topologies/exchange/import.h"
#include "topologies/load.h"

namespace longhaul::test {

inline topology::Import converted(std::string_view text, const std::string& file,
                                  topology::ImportFormat format,
                                  const topology::ImportOptions& options = {}) {
  topology::Import made = topology::import_topology(text, file, format, options);
  EXPECT_EQ(topology::load_text(made.yaml, "again"), made.topology) << made.yaml;
  EXPECT_EQ(topology::load_text(topology::effective_yaml(made.topology), "effective"), made.topology);
  EXPECT_NO_THROW(made.report.check());
  return made;
}

inline std::string conversion_error(std::string_view text, const std::string& file,
                                    topology::ImportFormat format,
                                    const topology::ImportOptions& options = {}) {
  try {
    topology::import_topology(text, file, format, options);
  } catch (const topology::ConfigError& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace longhaul::test
