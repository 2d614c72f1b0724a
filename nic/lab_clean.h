// SPDX-License-Identifier: GPL-2.0-only
//
// Removes what a run made: `longhaul clean` after a kill -9, and the same steps at an orderly end
// (lab_hosts.h). Only what state.json lists is touched, and a listed name that now belongs to another
// namespace or interface is not. In this order: processes inside the namespaces, interfaces, namespaces,
// settings, directories. What is already gone is no error. No thread of its own.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "nic/lab_state.h"

namespace longhaul::nic {

struct CleanReport {
  std::vector<std::string> removed;  // one line each, "namespace lh-gpu0"
  std::vector<std::string> kept;     // listed, but no longer ours or impossible to remove, with the reason
};

// Removes what a killed run left behind and its state.json; throws TestbedBusy, touching nothing, while a run
// lives.
CleanReport clean(const std::filesystem::path& directory = kStateDirectory);

struct RemovalOutcome {
  CleanReport report;
  std::vector<Resource> failed;  // still there and still ours; all others are gone or were never ours
};

// Removes these resources of the run whose state is in `directory`. Throws nothing but std::bad_alloc.
RemovalOutcome remove_resources(std::span<const Resource> resources, const std::filesystem::path& directory);

}  // namespace longhaul::nic
