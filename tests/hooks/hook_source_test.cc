// SPDX-License-Identifier: GPL-2.0-only
//
// BPF C as users write it, compiled at start.
#include "emulator/hooks/hook_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "tests/hooks/hook_files.h"

namespace longhaul::hooks {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class HookSource : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "longhaul-hook-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    fs::create_directories(directory_ / "a" / "with space");
  }
  void TearDown() override { fs::remove_all(directory_); }

  fs::path write(const fs::path& name, std::string_view body) {
    std::ofstream(directory_ / name) << "#include \"emulator/hooks/hook.bpf.h\"\n" << body << "\n";
    return directory_ / name;
  }
  std::string failure(const fs::path& file) {
    try {
      built_hook(file, directory_ / "scratch");
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "accepted";
  }
  static std::uint32_t answer(const fs::path& object) {
    const HookProgram program(object);
    HookCall call = call_of(frame_of(60));
    return program.run(LH_INGRESS, call);
  }

  fs::path directory_;
};

constexpr std::string_view kDrop =
    "LH_HOOK(ingress) int fate(struct lh_hook_ctx* c) { return c->link == 0; }";
constexpr std::string_view kMark =
    "LH_HOOK(ingress) int fate(struct lh_hook_ctx* c) { return c->link == 0 ? LH_MARK : LH_PASS; }";

TEST_F(HookSource, ObjectsStayAsTheyAre) {
  EXPECT_EQ(built_hook("/nowhere/x.bpf.o", directory_ / "scratch"), "/nowhere/x.bpf.o");
  EXPECT_FALSE(fs::exists(directory_ / "scratch"));
}

TEST_F(HookSource, SourceBecomesAnObjectThatLoads) {
  const fs::path first = built_hook(write("fate.bpf.c", kDrop), directory_ / "scratch");
  const fs::path second = built_hook(write("a/with space/fate.bpf.c", kMark), directory_ / "scratch");
  EXPECT_EQ(first.filename(), "fate.bpf.o");
  EXPECT_TRUE(first.string().starts_with((directory_ / "scratch").string()));
  EXPECT_NE(first, second) << "two of one name";
  EXPECT_EQ(answer(first), static_cast<std::uint32_t>(LH_DROP));
  EXPECT_EQ(answer(second), static_cast<std::uint32_t>(LH_MARK));
  built_hook(write("fate.bpf.c", kMark), directory_ / "scratch");
  EXPECT_EQ(answer(first), static_cast<std::uint32_t>(LH_MARK)) << "built again in the same place";
}

TEST_F(HookSource, RefusesInOneLine) {
  const fs::path broken =
      write("broken.bpf.c",
            "LH_HOOK(ingress) int fate(struct lh_hook_ctx* c) {\n  return c->weather + c->mood;\n}");
  EXPECT_THAT(
      failure(broken),
      AllOf(HasSubstr("cannot build hook " + broken.string() + ": "), HasSubstr("broken.bpf.c:3:"),
            HasSubstr("error: no member named 'weather'"), Not(HasSubstr("mood")), Not(HasSubstr("\n"))));
  EXPECT_THAT(failure(directory_ / "none.bpf.c"), HasSubstr("there is no such file"));
  EXPECT_THAT(failure(directory_ / "a"), HasSubstr("allowed: a .bpf.o, or a .bpf.c"));
  EXPECT_THAT(failure("hook.c"), HasSubstr("cannot build hook hook.c: allowed: a .bpf.o, or a .bpf.c"));
}

TEST_F(HookSource, TheHeadersAreThere) {
  EXPECT_TRUE(fs::exists(hook_include_directory() / "emulator/hooks/hook.bpf.h"));
}

}  // namespace
}  // namespace longhaul::hooks
