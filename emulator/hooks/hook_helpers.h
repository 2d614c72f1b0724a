/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The numbers by which a hook calls its helpers, for BPF C (emulator/hooks/hook.bpf.h) and for the loader
 * (emulator/hooks/helper_table.h). Part of the contract with compiled programs: never renumber. */
#pragma once

enum lh_helper {
  LH_HELPER_RANDOM = 1000,
  LH_HELPER_TIME = 1001,
  LH_HELPER_COUNT = 1002,
};
