// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/control_socket.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "scenarios/unix_address.h"

namespace longhaul::scenario {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// A peer that never waits, so that one thread plays both sides.
class Peer {
 public:
  explicit Peer(const std::filesystem::path& path) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    const sockaddr_un address = unix_address(path);
    if (connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }
  // How much of it was taken.
  std::size_t write(const std::string& bytes) const {
    const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  void no_more() const { shutdown(fd_.get(), SHUT_WR); }
  // All that there is, so far.
  const std::string& read() {
    char buffer[4096];
    for (ssize_t got; (got = recv(fd_.get(), buffer, sizeof buffer, 0)) >= 0;) {
      if (got == 0) {
        ended = true;
        break;
      }
      text.append(buffer, static_cast<std::size_t>(got));
    }
    return text;
  }
  std::string text;
  bool ended = false;

 private:
  nic::UniqueFd fd_;
};

class ControlSocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "longhaul-socket-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    handler_.answer = [this](PeerId peer, const std::string& request) -> std::optional<std::string> {
      asked_[peer].push_back(request);
      return "you said " + request;
    };
    handler_.gone = [this](PeerId peer) { gone_.push_back(peer); };
    handler_.refusal = [](const std::string& why) { return "no: " + why; };
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  // Serves until it holds; false when it does not within seconds.
  bool serve_until(ControlSocket& socket, const std::function<bool()>& holds) {
    const Clock::time_point deadline = Clock::now() + 10s;
    while (!holds()) {
      if (Clock::now() > deadline) return false;
      std::vector<pollfd> fds;
      socket.add_to(fds);
      poll(fds.data(), fds.size(), 1);
      socket.serve(handler_);
    }
    return true;
  }

  std::filesystem::path directory_;
  ControlSocket::Handler handler_;
  std::map<PeerId, std::vector<std::string>> asked_;
  std::vector<PeerId> gone_;
};

TEST_F(ControlSocketTest, AnswersLineByLineInOrder) {
  ControlSocket socket(directory_ / "s");
  Peer peer(socket.path());
  peer.write("one\ntwo\nthr");
  EXPECT_TRUE(serve_until(socket, [&] { return peer.read() == "you said one\nyou said two\n"; }))
      << peer.text;
  peer.write("ee\n");
  EXPECT_TRUE(serve_until(socket, [&] { return peer.read().ends_with("you said three\n"); })) << peer.text;
  EXPECT_FALSE(peer.ended);
}

TEST_F(ControlSocketTest, OnePeerWhoSendsByteByByteDisturbsNobody) {
  ControlSocket socket(directory_ / "s");
  Peer slow(socket.path()), quick(socket.path());
  for (const char c : std::string("slowly")) {
    slow.write(std::string(1, c));
    quick.text.clear();
    quick.write("quick\n");
    ASSERT_TRUE(serve_until(socket, [&] { return quick.read() == "you said quick\n"; }));
  }
  slow.write("\n");
  EXPECT_TRUE(serve_until(socket, [&] { return slow.read() == "you said slowly\n"; })) << slow.text;
}

TEST_F(ControlSocketTest, ManyPeersAtOnce) {
  ControlSocket socket(directory_ / "s");
  std::vector<Peer> peers;
  for (int i = 0; i < 32; ++i) {
    peers.emplace_back(socket.path());
    peers.back().write(std::to_string(i) + "\n");
    socket.serve(handler_);  // the kernel keeps but a few that were not accepted yet
  }
  for (std::size_t i = 0; i < peers.size(); ++i) {
    EXPECT_TRUE(
        serve_until(socket, [&] { return peers[i].read() == "you said " + std::to_string(i) + "\n"; }));
  }
  EXPECT_EQ(asked_.size(), 32U);
  Peer one_too_many(socket.path());
  EXPECT_TRUE(serve_until(socket, [&] { return one_too_many.read(), one_too_many.ended; }));
  EXPECT_EQ(one_too_many.text, "no: 32 others talk to the testbed already; try again\n");
  peers.pop_back();
  EXPECT_TRUE(serve_until(socket, [&] { return gone_.size() == 1; }));
  Peer next(socket.path());
  next.write("now\n");
  EXPECT_TRUE(serve_until(socket, [&] { return next.read() == "you said now\n"; })) << next.text;
}

TEST_F(ControlSocketTest, ARequestHasABound) {
  ControlSocket::Limits limits;
  limits.request_bytes = 100;
  ControlSocket socket(directory_ / "s", limits);
  Peer fits(socket.path()), endless(socket.path()), line(socket.path());
  const std::string longest(100, 'x');
  fits.write(longest + "\n");
  endless.write(std::string(5'000, 'x'));
  line.write("short\n" + longest + "x\nnever answered\n");
  EXPECT_TRUE(serve_until(socket, [&] { return fits.read() == "you said " + longest + "\n"; }));
  EXPECT_TRUE(serve_until(socket, [&] { return endless.read(), endless.ended; }));
  EXPECT_EQ(endless.text, "no: a request has at most 100 bytes\n");
  EXPECT_TRUE(serve_until(socket, [&] { return line.read(), line.ended; }));
  EXPECT_EQ(line.text, "you said short\nno: a request has at most 100 bytes\n");
}

TEST_F(ControlSocketTest, WhoDoesNotFinishARequestIsDropped) {
  ControlSocket::Limits limits;
  limits.patience = 20ms;
  ControlSocket socket(directory_ / "s", limits);
  Peer half(socket.path()), idle(socket.path());
  half.write("whole\nhal");
  EXPECT_TRUE(serve_until(socket, [&] { return half.read(), half.ended; }));
  EXPECT_EQ(half.text, "you said whole\nno: the request did not end in time\n");
  idle.read();
  EXPECT_FALSE(idle.ended) << "it owes nothing";
}

TEST_F(ControlSocketTest, WhoDoesNotReadIsDroppedAndNotWaitedFor) {
  ControlSocket::Limits limits;
  limits.patience = 50ms;
  limits.answer_bytes = 1'000'000;
  ControlSocket socket(directory_ / "s", limits);
  std::size_t answered = 0;
  handler_.answer = [&](PeerId, const std::string&) {
    ++answered;
    return std::optional<std::string>(std::string(100'000, 'y'));
  };
  Peer deaf(socket.path());
  std::string many;
  for (int i = 0; i < 1'000; ++i) many += "more\n";
  deaf.write(many);
  EXPECT_TRUE(serve_until(socket, [&] { return gone_.size() == 1; }));
  EXPECT_LT(answered, 100U) << "answers that nobody reads are not piled up";
}

TEST_F(ControlSocketTest, WhoStopsSendingStillGetsItsAnswers) {
  ControlSocket socket(directory_ / "s");
  Peer peer(socket.path());
  peer.write("last\n");
  peer.no_more();
  EXPECT_TRUE(serve_until(socket, [&] { return peer.read(), peer.ended; }));
  EXPECT_EQ(peer.text, "you said last\n");
  EXPECT_EQ(gone_.size(), 1U);
}

TEST_F(ControlSocketTest, ABusyHandlerIsAskedAgainInOrder) {
  ControlSocket socket(directory_ / "s");
  int free_in = 3;
  handler_.answer = [&](PeerId, const std::string& request) -> std::optional<std::string> {
    if (request == "first" && free_in-- > 0) return std::nullopt;
    return request;
  };
  Peer peer(socket.path());
  peer.write("first\nsecond\n");
  socket.serve(handler_);
  EXPECT_TRUE(socket.busy());
  EXPECT_EQ(peer.read(), "");
  EXPECT_TRUE(serve_until(socket, [&] { return peer.read() == "first\nsecond\n"; })) << peer.text;
  EXPECT_FALSE(socket.busy());
}

TEST_F(ControlSocketTest, ABusyHandlerIsGivenUpOnInTheEnd) {
  ControlSocket::Limits limits;
  limits.patience = 20ms;
  ControlSocket socket(directory_ / "s", limits);
  handler_.answer = [](PeerId, const std::string&) { return std::optional<std::string>(); };
  Peer peer(socket.path());
  peer.write("anything\n");
  EXPECT_TRUE(serve_until(socket, [&] { return peer.read(), peer.ended; }));
  EXPECT_EQ(peer.text, "no: the testbed is too busy; ask again\n");
}

TEST_F(ControlSocketTest, TellsWhoIsGone) {
  ControlSocket socket(directory_ / "s");
  {
    Peer peer(socket.path());
    peer.write("hello\n");
    EXPECT_TRUE(serve_until(socket, [&] { return !peer.read().empty(); }));
    EXPECT_TRUE(gone_.empty());
  }
  EXPECT_TRUE(serve_until(socket, [&] { return gone_.size() == 1; }));
  EXPECT_EQ(gone_[0], asked_.begin()->first);
}

TEST_F(ControlSocketTest, IsForItsOwnerOnlyAndGoesWithTheObject) {
  {
    ControlSocket socket(directory_ / "s");
    struct stat status {};
    ASSERT_EQ(stat(socket.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
  }
  EXPECT_FALSE(std::filesystem::exists(directory_ / "s"));
}

TEST_F(ControlSocketTest, RefusesATakenPath) {
  ControlSocket first(directory_ / "s");
  EXPECT_THROW(ControlSocket(directory_ / "s"), std::runtime_error);
  EXPECT_TRUE(std::filesystem::exists(directory_ / "s")) << "the first one's path stays";
}

}  // namespace
}  // namespace longhaul::scenario
