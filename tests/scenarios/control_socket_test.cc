// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/control_socket.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

namespace longhaul::scenario {
namespace {

class ControlSocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "longhaul-socket-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // Asks from another thread while this one serves, as a second process would.
  std::string ask_served(ControlSocket& socket, const std::string& text) {
    std::string answer;
    std::atomic<bool> answered{false};
    std::thread asker([&] {
      answer = ask(socket.path());
      answered = true;
    });
    while (!answered) socket.answer([&] { return text; });
    asker.join();
    return answer;
  }

  std::filesystem::path directory_;
};

TEST_F(ControlSocketTest, AnswersWholeTextsSmallAndLarge) {
  ControlSocket socket(directory_ / "s");
  EXPECT_EQ(ask_served(socket, "{}\n"), "{}\n");
  const std::string large(150'000, 'x');
  EXPECT_EQ(ask_served(socket, large), large);
}

TEST_F(ControlSocketTest, IsForItsOwnerOnlyAndGoesWithTheObject) {
  {
    ControlSocket socket(directory_ / "s");
    struct stat status {};
    ASSERT_EQ(stat(socket.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    socket.answer([]() -> std::string { throw std::logic_error("nobody asked"); });
  }
  EXPECT_FALSE(std::filesystem::exists(directory_ / "s"));
}

TEST_F(ControlSocketTest, SaysWhenNobodyListens) {
  try {
    ask(directory_ / "nobody");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("nobody"), std::string::npos);
  }
}

TEST_F(ControlSocketTest, RefusesATakenPath) {
  ControlSocket first(directory_ / "s");
  EXPECT_THROW(ControlSocket(directory_ / "s"), std::runtime_error);
  EXPECT_TRUE(std::filesystem::exists(directory_ / "s")) << "the first one's path stays";
}

}  // namespace
}  // namespace longhaul::scenario
