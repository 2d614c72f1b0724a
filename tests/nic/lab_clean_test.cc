// SPDX-License-Identifier: GPL-2.0-only
//
// The part of clean() that needs no privilege: directories, refusals, repetition. Namespaces: netns_test.cc.
#include "nic/lab_clean.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/nic/temporary_directory.h"

namespace longhaul::nic {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LabCleanTest : public testing::Test {
 protected:
  // As a killed owner would leave it.
  void leave(const std::vector<Resource>& resources) {
    fs::create_directories(directory_);
    write_lab_record(directory_, {999'999'999, "killed", "", {}, resources}, true);
  }

  TemporaryDirectory parent_;
  fs::path directory_ = parent_.path() / "longhaul";
};

TEST_F(LabCleanTest, NothingToCleanIsNothingDone) {
  const CleanReport report = clean(directory_);
  EXPECT_THAT(report.removed, IsEmpty());
  EXPECT_THAT(report.kept, IsEmpty());
  EXPECT_FALSE(fs::exists(directory_)) << "it must not make the directory that it looks for";
}

TEST_F(LabCleanTest, RefusesWhileTheOwnerLives) {
  LabState state("alive", directory_);
  const fs::path made = state.make_directory("work");
  try {
    clean(directory_);
    FAIL() << "cleaned under a living owner";
  } catch (const TestbedBusy& busy) {
    EXPECT_THAT(busy.what(), HasSubstr("(run alive)"));
  }
  EXPECT_TRUE(fs::exists(made));
}

TEST_F(LabCleanTest, RemovesListedDirectoriesAndNoOthers) {
  parent_.write("longhaul/listed/deep/file", "x");
  parent_.write("longhaul/unlisted/file", "x");
  leave({{ResourceKind::kDirectory, (directory_ / "listed").string()}});
  const CleanReport report = clean(directory_);
  EXPECT_THAT(report.removed, ElementsAre("directory " + (directory_ / "listed").string()));
  EXPECT_THAT(report.kept, IsEmpty());
  EXPECT_FALSE(fs::exists(directory_ / "listed"));
  EXPECT_TRUE(fs::exists(directory_ / "unlisted/file"));
  EXPECT_FALSE(fs::exists(directory_ / "state.json"));
}

TEST_F(LabCleanTest, NeverTouchesADirectoryElsewhere) {
  parent_.write("precious/file", "x");
  parent_.write("longhaul/below/deeper/file", "x");
  fs::create_directory_symlink(parent_.path() / "precious", directory_ / "link");
  for (const fs::path& path : {parent_.path() / "precious", directory_ / "../precious", directory_ / "link",
                               directory_ / "link/file", directory_ / "..", directory_ / ".", directory_,
                               directory_ / "below/deeper", fs::path("precious"), fs::path("")}) {
    leave({{ResourceKind::kDirectory, path.string()}});
    EXPECT_THAT(clean(directory_).removed, IsEmpty()) << path;
    EXPECT_TRUE(fs::exists(parent_.path() / "precious/file")) << path;
    EXPECT_TRUE(fs::exists(directory_ / "below/deeper/file")) << path;
  }
}

TEST_F(LabCleanTest, ASymlinkInsideAListedDirectoryIsNotFollowed) {
  parent_.write("precious/file", "x");
  parent_.write("longhaul/listed/file", "x");
  fs::create_directory_symlink(parent_.path() / "precious", directory_ / "listed/link");
  leave({{ResourceKind::kDirectory, (directory_ / "listed").string()}});
  clean(directory_);
  EXPECT_FALSE(fs::exists(directory_ / "listed"));
  EXPECT_TRUE(fs::exists(parent_.path() / "precious/file"));
}

TEST_F(LabCleanTest, WhatIsGoneAlreadyIsNoErrorAndASecondTimeDoesNothing) {
  leave({{ResourceKind::kDirectory, (directory_ / "gone").string()},
         {ResourceKind::kNamespace, "lh-not-here-at-all"},
         {ResourceKind::kInterface, "lh-not-here"}});
  for (int time = 0; time < 2; ++time) {
    const CleanReport report = clean(directory_);
    EXPECT_THAT(report.removed, IsEmpty());
    EXPECT_THAT(report.kept, IsEmpty());
    EXPECT_FALSE(fs::exists(directory_));
  }
}

TEST_F(LabCleanTest, ASettingOutsideOfTheNetworkIsNotWritten) {
  parent_.write("setting", "mine");
  const std::string path = (parent_.path() / "setting").string();
  leave({{ResourceKind::kSetting, path, 0, "theirs"},
         {ResourceKind::kSetting, "/proc/sys/net/../../../" + path, 0, "theirs"}});
  EXPECT_EQ(clean(directory_).kept.size(), 2U);
  std::string text;
  std::getline(std::ifstream(path), text);
  EXPECT_EQ(text, "mine");
}

TEST_F(LabCleanTest, AListThatCannotBeReadStopsItBeforeAnythingIsTouched) {
  parent_.write("longhaul/state.json", "{");
  parent_.write("longhaul/work/file", "x");
  EXPECT_THROW(clean(directory_), std::runtime_error);
  EXPECT_TRUE(fs::exists(directory_ / "state.json"));
  EXPECT_TRUE(fs::exists(directory_ / "work/file"));
}

}  // namespace
}  // namespace longhaul::nic
