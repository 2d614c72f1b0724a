// SPDX-License-Identifier: GPL-2.0-only
//
// A topology in the making, for what converts and generates them: sites, hosts and links are added with what
// is known of them, names are made to fit, and finish() writes the file and loads it again, so that what
// comes out has passed the one loader there is. Not for topologies that people write: topologies/load.h.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "topologies/model.h"

namespace longhaul::topology {

// Names that topology files allow, each given once.
class Names {
 public:
  explicit Names(std::size_t longest) : longest_(longest) {}

  // `wanted` in small letters, with `-` for all that is not allowed, cut, and a number behind it where that
  // is taken already.
  std::string take(std::string_view wanted);

 private:
  std::size_t longest_;
  std::set<std::string, std::less<>> taken_;
};

class Draft {
 public:
  Draft(std::string_view name, std::string description);

  // Each adds one and gives its index, or its name.
  std::size_t add_site(std::string_view name, std::optional<Coordinates> location = std::nullopt);
  const std::string& add_host(std::string_view name, std::size_t site, BitRate rate = {});

  // A link of this rate both ways, of which propagation, loss and cost may be set in what it gives.
  struct Span {
    BitRate rate;
    Duration delay = {};
    double fibre_km = 0;        // in place of delay
    bool great_circle = false;  // in place of delay: between the sites' coordinates
    double loss = 0;
    std::uint32_t cost = 1;
  };
  const std::string& add_link(std::string_view name, std::size_t from, std::size_t to, const Span& span);

  const Topology& topology() const { return topology_; }
  // How many links have a buffer of kLeastBuffer, since one bandwidth-delay product is less.
  std::size_t small_buffers() const { return small_buffers_; }

  // The file, behind `head` as its comment, each line `# ` already.
  struct Finished {
    Topology topology;
    std::string yaml;
  };
  // Throws ConfigError, behind `label`, when it is larger than a topology may be, or is not joined by links.
  Finished finish(const std::string& head, const std::string& label) const;

  static constexpr Bytes kLeastBuffer{std::uint64_t{1} << 20};

 private:
  Names site_names_, host_names_, link_names_;
  Topology topology_;
  std::size_t small_buffers_ = 0;
};

}  // namespace longhaul::topology
