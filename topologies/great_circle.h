// SPDX-License-Identifier: GPL-2.0-only
//
// Distance over the ground between two places: haversine on a sphere of the mean radius 6371.0088 km (IUGG
// R1), within 0.6 % of the WGS 84 ellipsoid. Fibre is longer; the route factor says by how much.
#pragma once

#include "topologies/model.h"

namespace longhaul::topology {

// The shortest way over the ground in kilometres.
double great_circle_km(Coordinates a, Coordinates b);

}  // namespace longhaul::topology
