// SPDX-License-Identifier: GPL-2.0-only
#include "nic/lab_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/nic/temporary_directory.h"

namespace longhaul::nic {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LabStateTest : public testing::Test {
 protected:
  nlohmann::json file() const { return nlohmann::json::parse(std::ifstream(directory_ / "state.json")); }

  TemporaryDirectory parent_;
  fs::path directory_ = parent_.path() / "longhaul";
};

TEST_F(LabStateTest, AnOwnerThatMadeNothingLeavesNothing) {
  {
    const LabState state("first", directory_);
    EXPECT_TRUE(fs::exists(directory_ / "lock"));
    EXPECT_EQ(file()["run"], "first");
    EXPECT_EQ(file()["pid"], ::getpid());
  }
  EXPECT_FALSE(fs::exists(directory_));
}

TEST_F(LabStateTest, ASecondOwnerIsTurnedAwayInOneLine) {
  const LabState state("first", directory_);
  try {
    const LabState second("second", directory_);
    FAIL() << "two owners";
  } catch (const TestbedBusy& busy) {
    const std::string pid = std::to_string(::getpid());
    EXPECT_EQ(std::string(busy.what()), "the testbed is in use by pid " + pid +
                                            " (run first); stop it with Ctrl-C or `kill " + pid +
                                            "`, or wait");
  }
  EXPECT_EQ(file()["run"], "first");
}

TEST_F(LabStateTest, TheNextOwnerMayComeWhenTheFirstIsGone) {
  { const LabState state("first", directory_); }
  const LabState state("second", directory_);
  EXPECT_EQ(find_running(directory_)->run, "second");
}

TEST_F(LabStateTest, ResourcesAreOnDiskWhenRecordReturns) {
  LabState state("run", directory_);
  const Resource resources[] = {{ResourceKind::kNamespace, "lh-a"}, {ResourceKind::kInterface, "lh-a"}};
  state.record(resources);
  EXPECT_EQ(file()["resources"].size(), 2U);
  EXPECT_EQ(file()["resources"][0]["kind"], "namespace");
  EXPECT_EQ(file()["resources"][0]["identity"], 0);

  const Resource made[] = {{ResourceKind::kInterface, "lh-a", 77}};
  state.confirm(made);
  EXPECT_EQ(file()["resources"][0]["identity"], 0);
  EXPECT_EQ(file()["resources"][1]["identity"], 77);

  state.forget(std::span(resources).first(1));
  ASSERT_EQ(file()["resources"].size(), 1U);
  EXPECT_EQ(file()["resources"][0]["kind"], "interface");
  EXPECT_FALSE(fs::exists(directory_ / "state.json.new"));
  state.forget(resources);
}

TEST_F(LabStateTest, ConfirmingWhatWasNotRecordedIsAnError) {
  LabState state("run", directory_);
  const Resource made[] = {{ResourceKind::kInterface, "lh-a", 77}};
  EXPECT_THROW(state.confirm(made), std::logic_error);
}

TEST_F(LabStateTest, WhatIsStillListedOutlivesTheOwner) {
  {
    LabState state("run", directory_);
    const Resource resource{ResourceKind::kNamespace, "lh-a"};
    state.record({&resource, 1});
  }
  ASSERT_TRUE(fs::exists(directory_ / "state.json"));
  EXPECT_FALSE(fs::exists(directory_ / "lock"));
  EXPECT_EQ(find_running(directory_), std::nullopt);
  EXPECT_EQ(read_lab_record(directory_)->resources.at(0).name, "lh-a");
  try {
    const LabState next("next", directory_);
    FAIL() << "leftovers overlooked";
  } catch (const LeftoversFound& found) {
    EXPECT_THAT(found.what(), HasSubstr("longhaul clean"));
  }
  EXPECT_EQ(read_lab_record(directory_)->run, "run") << "the leftovers' list must survive";
}

TEST_F(LabStateTest, MakesAndRemovesDirectories) {
  {
    LabState state("run", directory_);
    const fs::path made = state.make_directory("rendezvous");
    EXPECT_EQ(made, directory_ / "rendezvous");
    EXPECT_TRUE(fs::is_directory(made));
    std::ofstream(made / "key") << "value";
    EXPECT_EQ(file()["resources"][0]["name"], made.string());
    EXPECT_THROW(state.make_directory("rendezvous"), std::runtime_error);
    for (const char* bad : {"", ".", "..", "a/b", "/tmp/x"})
      EXPECT_THROW(state.make_directory(bad), std::exception);
    EXPECT_EQ(state.content().resources.size(), 1U);
  }
  EXPECT_FALSE(fs::exists(directory_));
}

TEST_F(LabStateTest, PublishesForReaders) {
  EXPECT_EQ(find_running(directory_), std::nullopt);
  LabState state("published", directory_);
  state.publish_hosts({{"gpu0", "lh-gpu0", "10.50.0.1"}, {"gpu1", "lh-gpu1", "10.50.0.2"}});
  state.publish_control_socket(directory_ / "control");
  const auto running = find_running(directory_);
  ASSERT_TRUE(running);
  EXPECT_EQ(running->pid, ::getpid());
  EXPECT_EQ(running->run, "published");
  EXPECT_EQ(running->control_socket, (directory_ / "control").string());
  ASSERT_EQ(running->hosts.size(), 2U);
  EXPECT_EQ(running->hosts[1].name, "gpu1");
  EXPECT_EQ(running->hosts[1].network_namespace, "lh-gpu1");
  EXPECT_EQ(running->hosts[1].address, "10.50.0.2");
}

TEST_F(LabStateTest, AKilledOwnerLosesTheLockAndLeavesItsList) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    LabState state("victim", directory_);
    const Resource resource{ResourceKind::kNamespace, "lh-victim"};
    state.record({&resource, 1});
    if (::write(ready[1], "x", 1) == 1)
      while (true) ::pause();
    ::_exit(1);
  }
  ::close(ready[1]);
  char byte = 0;
  EXPECT_EQ(::read(ready[0], &byte, 1), 1);
  ::close(ready[0]);
  EXPECT_EQ(find_running(directory_)->pid, pid);
  EXPECT_THROW(LabState("other", directory_), TestbedBusy);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_EQ(find_running(directory_), std::nullopt);
  EXPECT_EQ(read_lab_record(directory_)->resources.at(0).name, "lh-victim");
}

TEST_F(LabStateTest, AMalformedListIsAnErrorInOneLine) {
  for (const char* text : {"", "{", "[]", "{\"pid\": 1}",
                           R"({"pid":"x","run":"","control_socket":"","hosts":[],"resources":[]})"}) {
    parent_.write("longhaul/state.json", text);
    try {
      read_lab_record(directory_);
      FAIL() << text;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("state.json: not a list of ours")) << text;
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << text;
    }
  }
}

TEST_F(LabStateTest, AnUnusableDirectoryIsAnError) {
  parent_.write("file", "");
  EXPECT_THROW(LabState("run", parent_.path() / "file"), std::runtime_error);
}

}  // namespace
}  // namespace longhaul::nic
