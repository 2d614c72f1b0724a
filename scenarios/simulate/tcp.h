// SPDX-License-Identifier: GPL-2.0-only
//
// ns-3's TCP set up as the hosts of emulate mode have theirs: Linux's figures where ns-3 has others, windows
// that fill the longest way, the scenario's congestion control. The settings are ns-3's defaults for sockets
// made afterwards, so they hold for the whole process. ns-3's TCP is a model of Linux's, not the same: it
// does not begin slowly again after a pause, and paces only what its congestion control paces.
#pragma once

#include "scenarios/model.h"

namespace longhaul::scenario {

// What a connection may have under way: twice what the longest way between ranks holds, its buffers included.
Bytes tcp_window(const Scenario& scenario);

// The same for one connection, between hosts. Linux keeps what a flow has waiting in its own host small (TCP
// small queues); ns-3 sends all that its window allows. So where nothing on the way is slower than the host
// itself, the window is what the way holds and as much more as Linux would let wait.
Bytes send_window(const Scenario& scenario, std::size_t from_host, std::size_t to_host);

// Throws std::runtime_error, which names those that there are, when ns-3 has no such congestion control.
void set_up_tcp(const Scenario& scenario);

}  // namespace longhaul::scenario
