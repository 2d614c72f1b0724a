// SPDX-License-Identifier: GPL-2.0-only
//
// The key steer of a host behind our own AF_XDP port: which frames of a shared interface come to the testbed.
// What terms there are, nic/xdp_steering.h says. A part of load_host.h; every failure is a ConfigError.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "topologies/yaml_reader.h"

namespace longhaul::topology {

// Whether a device is our own AF_XDP port, `xdp,iface=NAME`.
bool is_xdp_port(std::string_view device);

// The terms, with one blank between words; none where everything is taken.
std::vector<std::string> read_steering(const YamlValue& value);

// The key as it reads back in a flow mapping, after a comma; empty when there are no terms.
std::string effective_steering(const std::vector<std::string>& terms);

}  // namespace longhaul::topology
