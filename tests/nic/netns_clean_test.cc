// SPDX-License-Identifier: GPL-2.0-only
//
// What clean() removes after a run was killed, and what it leaves alone; needs root, else the program
// exits 77. With --hold-lab DIRECTORY A B the program is the run to be killed.
#include "nic/lab_clean.h"

#include <sched.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <thread>

#include "tests/nic/netns_fixture.h"

namespace longhaul::nic {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

// A second process of this test that holds a lab with hosts a and b and a process inside, until it is killed.
class Holder {
 public:
  Holder(const fs::path& directory, const std::string& a, const std::string& b)
      : child_(
            {.argv = {fs::read_symlink("/proc/self/exe").string(), "--hold-lab", directory.string(), a, b}}) {
    const auto line = child_.read_line(kDeadline);
    if (!line) throw std::runtime_error("the holder made no lab: " + child_.error_tail());
    inside_ = std::stoi(*line);
  }
  pid_t pid() const { return child_.pid(); }
  pid_t inside() const { return inside_; }
  void kill() {
    ::kill(child_.pid(), SIGKILL);
    if (child_.wait(kDeadline).value_or(ExitStatus{}).signal != SIGKILL)
      throw std::runtime_error("cannot be killed");
  }

 private:
  Child child_;
  pid_t inside_ = 0;
};

TEST_F(NetnsTest, CleanRemovesWhatAKilledRunLeftAndNothingElse) {
  Holder holder(directory_, name("a"), name("b"));
  EXPECT_EQ(find_running(directory_)->pid, holder.pid());
  EXPECT_EQ(find_running(directory_)->hosts.at(0).network_namespace, lab_name("a"));
  const ForeignNamespace look_alike(lab_name("x"));
  const ForeignInterface look_alike_interface(lab_name("y"), "bridge");
  const UniqueFd foreign_fd = open_namespace(lab_name("x"));
  Child foreign(
      {.argv = {"sh", "-c", "echo in; while :; do :; done"}, .network_namespace = foreign_fd.get()});
  ASSERT_EQ(foreign.read_line(kDeadline), "in");

  EXPECT_THROW(clean(directory_), TestbedBusy) << "its owner lives";
  EXPECT_EQ(ours().size(), 6U);
  holder.kill();
  EXPECT_EQ(find_running(directory_), std::nullopt);
  EXPECT_EQ(ours().size(), 6U);
  EXPECT_TRUE(alive(holder.inside())) << "an orphan inside";

  const CleanReport report = clean(directory_);
  EXPECT_THAT(report.removed,
              ElementsAre(fmt::format("process {} (sh)", holder.inside()), "interface " + lab_name("a"),
                          "interface " + lab_name("b"), "namespace " + lab_name("a"),
                          "namespace " + lab_name("b"), "directory " + (directory_ / "work").string()));
  EXPECT_THAT(report.kept, IsEmpty());
  EXPECT_FALSE(alive(holder.inside()));
  EXPECT_THAT(ours(), testing::UnorderedElementsAre(lab_name("x"), lab_name("y")));
  EXPECT_TRUE(look_alike.untouched());
  EXPECT_TRUE(look_alike_interface.untouched());
  EXPECT_EQ(foreign.poll_exit(), std::nullopt);
  EXPECT_FALSE(fs::exists(directory_));
  EXPECT_THAT(clean(directory_).removed, IsEmpty()) << "a second time";
  foreign.terminate();
}

TEST_F(NetnsTest, AListedNameThatIsSomebodyElsesByNowIsKept) {
  Holder holder(directory_, name("a"), name("b"));
  holder.kill();
  ::kill(holder.inside(), SIGKILL);
  run({"ip", "link", "del", lab_name("a")});
  run({"ip", "netns", "del", lab_name("a")});
  const ForeignNamespace heir(lab_name("a"));
  const ForeignInterface heir_interface(lab_name("a"), "bridge");
  const UniqueFd heir_fd = open_namespace(lab_name("a"));
  Child inside({.argv = {"sh", "-c", "echo in; while :; do :; done"}, .network_namespace = heir_fd.get()});
  ASSERT_EQ(inside.read_line(kDeadline), "in");

  const CleanReport report = clean(directory_);
  EXPECT_EQ(report.kept.size(), 2U);
  EXPECT_THAT(report.kept, testing::Each(StartsWith(lab_name("a") + ": not the one")));
  EXPECT_THAT(report.removed, Contains("namespace " + lab_name("b")));
  EXPECT_TRUE(heir.untouched());
  EXPECT_TRUE(heir_interface.untouched());
  EXPECT_EQ(inside.poll_exit(), std::nullopt);
  EXPECT_FALSE(fs::exists(directory_ / "state.json"));
  inside.terminate();
}

TEST_F(NetnsTest, CleanAlsoRemovesWhatWasMadeButNotYetConfirmed) {
  const ForeignNamespace made(lab_name("a"));  // as `ip` made it just before the owner was killed
  const ForeignInterface made_too(lab_name("a"), "bridge");
  fs::create_directories(directory_);
  write_lab_record(directory_,
                   {1,
                    "killed",
                    "",
                    {},
                    {{ResourceKind::kNamespace, lab_name("a")},
                     {ResourceKind::kInterface, lab_name("a")},
                     {ResourceKind::kNamespace, lab_name("b")},
                     {ResourceKind::kInterface, lab_name("b")}}},
                   true);
  EXPECT_THAT(clean(directory_).removed,
              ElementsAre("interface " + lab_name("a"), "namespace " + lab_name("a")));
  EXPECT_THAT(ours(), IsEmpty());
}

TEST_F(NetnsTest, CleanPutsASettingBack) {
  const ForeignNamespace elsewhere(lab_name("s"));  // so that no setting of the machine is touched
  const UniqueFd fd = open_namespace(lab_name("s"));
  const std::string setting = "/proc/sys/net/ipv4/ip_forward";
  fs::create_directories(directory_);
  write_lab_record(directory_, {1, "killed", "", {}, {{ResourceKind::kSetting, setting, 0, "0"}}}, true);
  run_in_namespace(fd.get(), [&] {
    ASSERT_EQ(write_setting(setting, "1"), 0);
    EXPECT_THAT(clean(directory_).removed, ElementsAre("setting " + setting + " back to `0`"));
    EXPECT_EQ(read_setting(setting), "0");
  });
}

// What the killed run does: a lab, a directory, and a process inside that outlives it.
int hold_lab(const fs::path& directory, const std::string& a, const std::string& b) {
  LabState state("holder", directory);
  const LabHosts lab(state, {{a, "10.199.0.1/24"}, {b, "10.199.0.2/24"}});
  state.make_directory("work");
  Child starter(
      {.argv = {"sh", "-c", "sh -c 'trap \"\" TERM; while :; do :; done' > /dev/null 2>&1 & echo $!"},
       .network_namespace = lab.namespace_fd(1)});
  const auto inside = starter.read_line(kDeadline);
  if (!inside || !starter.wait(kDeadline)) return 1;
  std::cout << *inside << std::endl;
  while (true) ::pause();
}

std::string reason_to_skip() {
  if (::geteuid() != 0) return "needs root";
  int error = 0;
  std::thread([&error] { error = ::unshare(CLONE_NEWNET) == 0 ? 0 : errno; }).join();
  if (error != 0) return std::string("network namespaces cannot be made: ") + std::strerror(error);
  for (const char* program : {"ip", "ethtool", "ping"})
    if (!find_program(program)) return std::string(program) + " is not installed";
  return {};
}

}  // namespace
}  // namespace longhaul::nic

int main(int argc, char** argv) {
  if (argc == 5 && std::string_view(argv[1]) == "--hold-lab")
    return longhaul::nic::hold_lab(argv[2], argv[3], argv[4]);
  testing::InitGoogleTest(&argc, argv);
  if (const std::string reason = longhaul::nic::reason_to_skip(); !reason.empty()) {
    std::cout << "skipped: " << reason << std::endl;
    return 77;
  }
  return RUN_ALL_TESTS();
}
