// SPDX-License-Identifier: GPL-2.0-only
#include "nic/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/nic/fake_machine.h"

namespace longhaul::nic {
namespace {

using testing::Contains;
using testing::Pair;

TEST(Machine, ReadsATree) {
  const FakeMachine fake;
  const Machine machine = examine_machine(fake.root());
  EXPECT_EQ(machine.kernel, "6.1.0-18-amd64");
  EXPECT_EQ(machine.cpu_model, "Test CPU 9000");
  EXPECT_EQ(machine.cores, 5U);
  EXPECT_EQ(machine.isolated_cores, "2-3");
  EXPECT_EQ(machine.governor, "performance");
  EXPECT_FALSE(machine.hypervisor);
  EXPECT_EQ(machine.hardware, "Vendor Server 1");
  EXPECT_TRUE(machine.invariant_tsc);
  EXPECT_EQ(machine.clock_source, "tsc");
  EXPECT_EQ(machine.memory, 24682416ULL * 1024);
  EXPECT_EQ(machine.memory_available, 16777216ULL * 1024);
  EXPECT_EQ(machine.huge_2m_total, 512U);
  EXPECT_EQ(machine.huge_2m_free, 300U);
  EXPECT_EQ(machine.huge_1g_total, 1U);
  EXPECT_EQ(machine.huge_1g_free, 0U);
}

TEST(Machine, AnEmptyTreeTellsNothing) {
  const TemporaryDirectory empty;
  const Machine machine = examine_machine(empty.path());
  EXPECT_EQ(machine.kernel, "");
  EXPECT_EQ(machine.cores, 0U);
  EXPECT_FALSE(machine.invariant_tsc);
  EXPECT_THAT(machine_facts(empty.path()), Contains(Pair("kernel", "not exposed")));
}

TEST(Machine, FactsAreTexts) {
  const FakeMachine fake;
  const auto facts = machine_facts(fake.root());
  EXPECT_THAT(facts, Contains(Pair("cores", "5")));
  EXPECT_THAT(facts, Contains(Pair("hugepages_2m", "512 (300 free)")));
  EXPECT_THAT(facts, Contains(Pair("memory_mib", "24103")));
  EXPECT_THAT(facts, Contains(Pair("virtualisation", "none seen")));
  EXPECT_THAT(facts, Contains(Pair("tsc", "invariant")));
}

TEST(Machine, ThisMachineHasAKernelCoresAndMemory) {
  const Machine machine = examine_machine();
  EXPECT_NE(machine.kernel, "");
  EXPECT_GE(machine.cores, 1U);
  EXPECT_GT(machine.memory, machine.memory_available);
}

TEST(FieldOf, FindsWholeKeysOnly) {
  const TemporaryDirectory directory;
  directory.write("file", "MemTotalX: 1\nMem Total: 2\nMemTotal:\t  3 kB  \nPlain value here\n");
  EXPECT_EQ(field_of(directory.path() / "file", "MemTotal"), "3 kB");
  EXPECT_EQ(field_of(directory.path() / "file", "Plain"), "value here");
  EXPECT_EQ(field_of(directory.path() / "file", "Mem Tot"), std::nullopt);
  EXPECT_EQ(field_of(directory.path() / "none", "MemTotal"), std::nullopt);
}

}  // namespace
}  // namespace longhaul::nic
