// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>

#include "topologies/traffic/max_min.h"
#include "topologies/wide/shadow_network.h"

namespace longhaul::wide {
namespace {

constexpr std::uint32_t kPacket = 1'500;  // that shares are counted in

}  // namespace

// Twice: what real frames could have at most beside the elastic flows, and what those get beside the real
// frames that there are.
void ShadowNetwork::share_elastic() {
  std::vector<double> left, full;
  for (const Direction& direction : directions_) {
    core::LinkConfig now = topology_.links[direction.hop.link].directions[direction.hop.direction];
    now.rate = direction.link.rate();
    full.push_back(traffic::full_rate(now, kPacket));
    left.push_back(full.back() * std::max(0.0, 1 - direction.last.inelastic));
  }
  std::vector<traffic::Claim> claims;
  std::vector<std::size_t> active;
  for (std::size_t e = 0; e < elastic_.size(); ++e) {
    const traffic::SourceConfig& source = backgrounds_[elastic_[e].background].source;
    const double weight =
        traffic::level_at(source.profile, time_).scale * std::get<traffic::Bulk>(source.kind).flows;
    elastic_[e].bytes_per_second = 0;
    if (weight <= 0 || time_ < source.start || time_ >= source.stop) continue;
    claims.push_back({elastic_[e].way, weight});
    active.push_back(e);
  }
  if (active.empty()) return;
  for (std::size_t d = 0; d < directions_.size(); ++d)
    claims.push_back({{d}, static_cast<double>(options_.real_flows)});
  const std::vector<double> most = traffic::max_min(left, claims);
  for (std::size_t d = 0; d < directions_.size(); ++d) {
    core::Background& background = directions_[d].last.background;
    background.share_left = std::max(background.share_left, std::min(1.0, most[active.size() + d] / full[d]));
    claims[active.size() + d].wants = directions_[d].last.real * full[d];
  }
  const std::vector<double> got = traffic::max_min(left, claims);
  for (std::size_t i = 0; i < active.size(); ++i) elastic_[active[i]].bytes_per_second = got[i] / 8;
}

}  // namespace longhaul::wide
