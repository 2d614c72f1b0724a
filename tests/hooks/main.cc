// SPDX-License-Identifier: GPL-2.0-only
//
// Runs tests that make BPF maps, or says why it cannot.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
  const int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "longhaul_test", 4, 8, 1, nullptr);
  if (map < 0) {
    std::fprintf(stderr, "skipped: this process may not make BPF maps: %s\n", std::strerror(errno));
    return 77;
  }
  close(map);
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
