// SPDX-License-Identifier: GPL-2.0-only
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "nic/lab_hosts.h"

namespace longhaul::nic {
namespace {

using testing::ElementsAre;

TEST(EmulatorInterfaceNames, KeepNamesOfUpTo12Characters) {
  EXPECT_THAT(emulator_interface_names({"gpu0", "atlanta-gpu1"}), ElementsAre("lh-gpu0", "lh-atlanta-gpu1"));
}

TEST(EmulatorInterfaceNames, ShortenLongerOnesWithTheIndex) {
  EXPECT_THAT(emulator_interface_names({"mount-pleasant-gpu0", "mount-pleasant-gpu1"}),
              ElementsAre("lh-mount-plea-0", "lh-mount-plea-1"));
}

TEST(EmulatorInterfaceNames, AreUniqueEvenWhenAHostIsNamedLikeAShortenedOne) {
  std::vector<std::string> hosts{"mount-plea-1", "mount-pleasant-gpu1", "mount-plea-4"};
  for (int i = 0; i < 120; ++i) hosts.push_back("mount-pleasant-gpu" + std::to_string(i + 2));
  const auto names = emulator_interface_names(hosts);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), hosts.size());
  EXPECT_EQ(names[0], "lh-mount-plea-1");
  for (const std::string& name : names) EXPECT_LE(name.size(), 15U) << name;
}

TEST(LabHosts, RefusesBadSpecificationsBeforeItTouchesAnything) {
  const auto directory =
      std::filesystem::temp_directory_path() / ("longhaul-names-" + std::to_string(::getpid()));
  LabState state("names", directory);
  const std::vector<std::vector<LabHostSpec>> bad{
      {{"", "10.50.0.1/24"}},
      {{"a b", "10.50.0.1/24"}},
      {{"a/b", "10.50.0.1/24"}},
      {{"a\nb", "10.50.0.1/24"}},
      {{"a", "10.50.0.1"}},
      {{"a", "10.50.0.300/24"}},
      {{"a", "10.50.0.1/33"}},
      {{"a", "10.50.0.1/0"}},
      {{"a", "10.50.0.1/24x"}},
      {{"a", "fd00::1/64"}},
      {{"a", ""}},
      {{std::string(61, 'a'), "10.50.0.1/24"}},
      {{"a", "10.50.0.1/24"}, {"a", "10.50.0.2/24"}},
  };
  for (const auto& specs : bad) {
    EXPECT_THROW(LabHosts(state, specs), std::invalid_argument) << specs[0].name << " " << specs[0].address;
    EXPECT_TRUE(state.content().resources.empty());
  }
}

}  // namespace
}  // namespace longhaul::nic
