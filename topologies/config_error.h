// SPDX-License-Identifier: GPL-2.0-only
//
// The one error type of configuration files. what() is exactly one line, `file:line: key: what is wrong, what
// is allowed`, where key is a dotted path such as links.wan.rate. What came from the command line stands as
// `--set links.wan.rate` in place of file:line; trouble with the YAML itself has the key `yaml`.
#pragma once

#include <stdexcept>

namespace longhaul::topology {

class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace longhaul::topology
