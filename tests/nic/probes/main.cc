// SPDX-License-Identifier: GPL-2.0-only
//
// Runs tests that load programs into the kernel, or says why it cannot.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>

#include "nic/probes/host_probes.h"

int main(int argc, char** argv) {
  std::optional<std::string> reason = longhaul::nic::HostProbes::why_not();
  if (!reason && ::geteuid() != 0) reason = "root is needed";
  if (reason) {
    std::fprintf(stderr, "skipped: %s\n", reason->c_str());
    return 77;
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
