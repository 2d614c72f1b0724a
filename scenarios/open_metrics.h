// SPDX-License-Identifier: GPL-2.0-only
//
// A standing testbed as OpenMetrics 1.0.0 text (openmetrics.io), which Prometheus scrapes. Names begin with
// longhaul_; counters are totals since the start of the data plane, sizes L2 bytes, times seconds. Pure.
#pragma once

#include <string>

#include "scenarios/live_view.h"

namespace longhaul::scenario {

// Of HTTP.
inline constexpr const char* kOpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

// The whole exposition, `# EOF` included.
std::string open_metrics_text(const LiveView& view);

}  // namespace longhaul::scenario
