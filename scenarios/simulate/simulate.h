// SPDX-License-Identifier: GPL-2.0-only
//
// One run of a scenario in simulate mode: the whole topology, hosts included, in ns-3's virtual time; the
// same record and files as emulate mode leaves. Needs no root, no DPDK and no memory in hugepages. Blocks.
//
// Same scenario, seed and command line: the same bytes in every file. So nothing in them
// comes from the machine or its clock: the run starts at 1970-01-01T00:00:00Z, and the time that it took is
// virtual. Only the name of its directory has the wall clock's time. Once per process, since ns-3 is global.
#pragma once

#include <functional>

#include "scenarios/model.h"
#include "scenarios/runner.h"

namespace longhaul::scenario {

// What simulate mode cannot do is refused with std::runtime_error before anything is made. Of `options` it
// looks at base, out, hooks, log_decisions, command line, version and revision. Asks `interrupted` now and
// then; when that says yes, what was measured so far is written, and the verdict is INVALID.
RunOutcome simulate(const Scenario& scenario, const RunOptions& options, const Report& report,
                    const std::function<bool()>& interrupted);

}  // namespace longhaul::scenario
