// SPDX-License-Identifier: GPL-2.0-only
//
// What the tests in real network namespaces share. Names carry this process's id and the state lives in a
// directory of the test's own, so that they can run beside others and beside a real testbed; and nothing
// stays behind, however a test ends.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nic/command.h"
#include "nic/interface.h"
#include "nic/lab_clean.h"
#include "nic/lab_hosts.h"
#include "nic/lab_state.h"
#include "nic/netns.h"
#include "tests/nic/temporary_directory.h"

namespace longhaul::nic {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto kDeadline = 20s;

inline std::string run(std::vector<std::string> argv, int network_namespace = -1) {
  return run_or_throw({.argv = std::move(argv), .network_namespace = network_namespace}, kDeadline, "test");
}

inline json ip_json(std::vector<std::string> arguments, int network_namespace = -1) {
  arguments.insert(arguments.begin(), {"ip", "-j", "-d"});
  return json::parse(run(std::move(arguments), network_namespace));
}

inline std::string setting_in(int network_namespace, const std::string& name) {
  std::string text;
  run_in_namespace(network_namespace, [&] { text = read_setting("/proc/sys/net/" + name); });
  return text;
}

// "tcp-segmentation-offload" -> "off" from what `ethtool -k` prints.
inline std::string feature(const std::string& interface, const std::string& name,
                           int network_namespace = -1) {
  const std::string text = run({"ethtool", "-k", interface}, network_namespace);
  const std::size_t at = text.find("\n" + name + ": ");
  return at == std::string::npos ? "absent" : text.substr(at + name.size() + 3, 2) == "on" ? "on" : "off";
}

// A zombie that nobody has waited for yet is not alive.
inline bool alive(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text;
  std::getline(file, text);
  const std::size_t state = text.rfind(") ");
  return state != std::string::npos && text[state + 2] != 'Z' && text[state + 2] != 'X';
}

class NetnsTest : public testing::Test {
 protected:
  std::string name(const std::string& suffix) const { return fmt::format("t{}-{}", ::getpid(), suffix); }
  std::string lab_name(const std::string& suffix) const { return "lh-" + name(suffix); }

  std::vector<LabHostSpec> two_hosts() const {
    return {{name("a"), "10.199.0.1/24"}, {name("b"), "10.199.0.2/24"}};
  }

  // Namespaces and interfaces with names of this test process.
  std::vector<std::string> ours() const {
    std::vector<std::string> found;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator("/run/netns", none))
      if (entry.path().filename().string().starts_with(lab_name("")))
        found.push_back(entry.path().filename());
    for (const auto& entry : fs::directory_iterator("/sys/class/net", none))
      if (entry.path().filename().string().starts_with(lab_name("")))
        found.push_back(entry.path().filename());
    return found;
  }

  // Whatever went wrong in the test, nothing of it stays.
  void TearDown() override {
    EXPECT_THAT(ours(), testing::IsEmpty());
    if (fs::exists(directory_)) clean(directory_);
    for (const std::string& left : ours()) {
      run_command({.argv = {"ip", "link", "del", left}}, kDeadline);
      run_command({.argv = {"ip", "netns", "del", left}}, kDeadline);
    }
  }

  TemporaryDirectory parent_;
  fs::path directory_ = parent_.path() / "longhaul";
};

// Somebody else's namespace that looks like ours.
class ForeignNamespace {
 public:
  explicit ForeignNamespace(std::string name) : name_(std::move(name)) {
    run({"ip", "netns", "add", name_});
    identity_ = namespace_identity(name_);
  }
  ForeignNamespace(const ForeignNamespace&) = delete;
  ForeignNamespace& operator=(const ForeignNamespace&) = delete;
  ~ForeignNamespace() {
    try {
      run_command({.argv = {"ip", "netns", "del", name_}}, kDeadline);
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
  bool untouched() const { return identity_ != 0 && namespace_identity(name_) == identity_; }

 private:
  std::string name_;
  std::uint64_t identity_ = 0;
};

class ForeignInterface {
 public:
  ForeignInterface(std::string name, const std::string& type) : name_(std::move(name)) {
    run({"ip", "link", "add", name_, "type", type});
    index_ = ::if_nametoindex(name_.c_str());
  }
  ForeignInterface(const ForeignInterface&) = delete;
  ForeignInterface& operator=(const ForeignInterface&) = delete;
  ~ForeignInterface() {
    try {
      run_command({.argv = {"ip", "link", "del", name_}}, kDeadline);
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
  bool untouched() const { return index_ != 0 && ::if_nametoindex(name_.c_str()) == index_; }

 private:
  std::string name_;
  unsigned index_ = 0;
};

}  // namespace longhaul::nic
