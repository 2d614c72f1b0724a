// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/host_cpus.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/nic/temporary_directory.h"

namespace longhaul::scenario {
namespace {

constexpr std::int64_t kMs = 1'000'000;

class HostCpusTest : public testing::Test {
 protected:
  // CPU 0 is the data plane's and always busy; 1 and 2 are the hosts'.
  void tick(std::uint64_t idle1, std::uint64_t iowait1, std::uint64_t idle2, std::uint64_t steal2,
            std::uint64_t work) {
    proc_.write(
        "stat",
        fmt::format("cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 99999 0 0 0 0 0 0 0 0 0\ncpu1 {} 0 0 {} {} 0 0 0 7 0\n"
                    "cpu2 0 0 {} {} 0 0 0 {} 0 0\ncpu12 1 1 1 1 1 1 1 1 0 0\n",
                    work, idle1, iowait1, work, idle2, steal2));
  }

  nic::TemporaryDirectory proc_;
};

TEST_F(HostCpusTest, TellsTheShareThatWasNotIdle) {
  HostCpus cpus({1, 2}, proc_.path());
  tick(0, 0, 0, 0, 0);
  cpus.look(100 * kMs);
  tick(10, 0, 10, 0, 0);  // nothing but idle
  cpus.look(200 * kMs);
  tick(10, 5, 10, 5, 5);  // of 20 ticks 5 waited for a disk, 5 were stolen
  cpus.look(300 * kMs);
  EXPECT_EQ(cpus.busy(100 * kMs, 200 * kMs), 0.0);
  EXPECT_EQ(cpus.busy(200 * kMs, 300 * kMs), 0.75);
  EXPECT_EQ(cpus.busy(100 * kMs, 300 * kMs), 0.375);
  EXPECT_NEAR(cpus.busy(150 * kMs, 250 * kMs).value(), 0.375, 1e-12) << "half of each";
}

TEST_F(HostCpusTest, SaysNothingBeyondWhatItSaw) {
  HostCpus cpus({1, 2}, proc_.path());
  EXPECT_FALSE(cpus.busy(0, 1));
  cpus.look(50 * kMs);  // there is no stat yet
  tick(0, 0, 0, 0, 0);
  cpus.look(100 * kMs);
  tick(0, 0, 0, 0, 4);
  cpus.look(200 * kMs);
  EXPECT_FALSE(cpus.busy(50 * kMs, 150 * kMs));
  EXPECT_FALSE(cpus.busy(150 * kMs, 201 * kMs));
  EXPECT_FALSE(cpus.busy(150 * kMs, 150 * kMs));
  EXPECT_EQ(cpus.busy(100 * kMs, 200 * kMs), 1.0);
}

TEST_F(HostCpusTest, LooksNoMoreOftenThanItNeeds) {
  HostCpus cpus({1}, proc_.path());
  tick(0, 0, 0, 0, 0);
  cpus.look(0);
  tick(0, 0, 0, 0, 50);
  cpus.look(HostCpus::kIntervalNs - 1);  // not taken, else all of the work would lie before it
  tick(0, 0, 0, 0, 100);
  cpus.look(2 * HostCpus::kIntervalNs);
  tick(100, 0, 0, 0, 100);
  cpus.look(3 * HostCpus::kIntervalNs);
  EXPECT_EQ(cpus.busy(0, 2 * HostCpus::kIntervalNs), 1.0);
  EXPECT_EQ(cpus.busy(HostCpus::kIntervalNs, 2 * HostCpus::kIntervalNs), 1.0);
  EXPECT_EQ(cpus.busy(2 * HostCpus::kIntervalNs, 3 * HostCpus::kIntervalNs), 0.0);
  tick(100, 0, 0, 0, 101);
  cpus.end(3 * HostCpus::kIntervalNs + 2);
  EXPECT_EQ(cpus.busy(3 * HostCpus::kIntervalNs, 3 * HostCpus::kIntervalNs + 1), 1.0);
}

TEST(HostCpus, ReadsThisMachine) {
  HostCpus cpus({0});
  const auto now = [] {
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  };
  const std::int64_t began = now();
  const std::int64_t until = began + 10 * HostCpus::kIntervalNs;
  for (std::int64_t t = began; t < until + HostCpus::kIntervalNs; t = now()) cpus.look(t);
  const std::optional<double> busy = cpus.busy(began, until);
  ASSERT_TRUE(busy.has_value());
  EXPECT_GE(*busy, 0.0);
  EXPECT_LE(*busy, 1.0);
}

}  // namespace
}  // namespace longhaul::scenario
