// SPDX-License-Identifier: GPL-2.0-only
//
// Links of one document laid over those of another, before validation: how a scenario changes the links of
// its topology. What is laid over keeps the place where it was written, for messages and for relative paths.
#pragma once

#include <memory>

#include "topologies/raw_yaml.h"

namespace longhaul::topology {

// A mapping of link names to keys of a link, and the file it is from.
struct LinkOverlay {
  RawNode links;
  std::shared_ptr<const Overlay> source;
};

// Each key replaces the one of the link in `topology`, those of forward and reverse singly. Throws
// ConfigError for a link that is not there.
void lay_over(const LinkOverlay& overlay, RawNode& topology);

}  // namespace longhaul::topology
