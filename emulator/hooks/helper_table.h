// SPDX-License-Identifier: GPL-2.0-only
//
// The helpers that a hook can call, as DPDK's verifier wants them described. They work on running_call
// (emulator/hooks/hook_call.h), neither allocate nor throw, and cannot fail.
#pragma once

#include <rte_bpf.h>

#include <cstdint>
#include <optional>
#include <span>

namespace longhaul::hooks {

// All helpers; a call instruction names one by its index here.
std::span<const rte_bpf_xsym> helper_table();

// Where helper `number` (enum lh_helper) is in the table.
std::optional<std::int32_t> helper_index(std::int32_t number);

}  // namespace longhaul::hooks
