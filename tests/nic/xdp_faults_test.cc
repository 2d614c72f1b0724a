// SPDX-License-Identifier: GPL-2.0-only
//
// What our own AF_XDP port does when the interface is not as it should be, and what it leaves there; needs
// root.
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <signal.h>
#include <sys/wait.h>

#include "nic/xdp_program.h"
#include "nic/xdp_socket.h"
#include "tests/nic/xdp_port_fixture.h"

namespace longhaul::nic {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

class XdpFaults : public XdpPortTest {
 protected:
  // Sends `count` frames and returns how many the port took.
  static std::uint16_t send(Port& port, std::uint32_t count) {
    std::vector<rte_mbuf*> mbufs;
    for (std::uint32_t i = 0; i < count; ++i) mbufs.push_back(mbuf_of(port, numbered_frame(i, 200)));
    return port.transmit(mbufs);
  }
};

TEST_F(XdpFaults, LeaveAProgramOfSomebodyElseWhereItIs) {
  make_hosts(1'500);
  const std::uint32_t id = attach_stranger(interface());
  ASSERT_NE(id, 0u);
  EXPECT_THAT(
      [&] {
        open_port({device(), 1'500});
      },
      ThrowsMessage<std::runtime_error>(
          AllOf(HasSubstr(interface()), HasSubstr("`stranger`"), HasSubstr(fmt::format("(id {})", id)))));
  EXPECT_EQ(program_on(interface()), id);
  ASSERT_TRUE(detach_stranger(interface()));
  EXPECT_NO_THROW(open_port({device(), 1'500}));
}

TEST_F(XdpFaults, RefuseASecondPortOnTheSameInterface) {
  make_hosts(1'500);
  const auto port = open_port({device(), 1'500});
  EXPECT_THAT(
      [&] {
        open_port({device(), 1'500});
      },
      ThrowsMessage<std::runtime_error>(HasSubstr("cannot open an AF_XDP socket on " + interface())));
  RawPeer host = peer();
  ASSERT_TRUE(host.send(numbered_frame(1, 60)));
  EXPECT_EQ(receive_frames(*port, 1, Clock::now() + kDeadline).size(), 1u) << "the first is not disturbed";
}

TEST_F(XdpFaults, LeaveNothingBehindAndOpenAgainAtOnce) {
  make_hosts(9'000);
  RawPeer host = peer();
  for (std::uint32_t i = 0; i < 10; ++i) {
    auto port = open_port({device(), 9'000});
    EXPECT_NE(program_on(interface()), 0u);
    ASSERT_TRUE(host.send(numbered_frame(i, 9'014)));
    EXPECT_EQ(receive_frames(*port, 1, Clock::now() + kDeadline),
              std::vector<Bytes>{numbered_frame(i, 9'014)});
    port.reset();
    EXPECT_EQ(program_on(interface()), 0u);
    EXPECT_THAT(ip_json({"link", "show", "dev", interface()}).at(0)["promiscuity"], 0);
  }
}

TEST_F(XdpFaults, LeaveNothingBehindWhenTheProcessIsKilled) {
  make_hosts(1'500);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    try {
      XdpSocket socket(interface(), 1'518);
      XdpProgram program(interface(), socket.fd());
      for (;;) ::pause();
    } catch (...) {
      ::_exit(1);
    }
  }
  const auto deadline = Clock::now() + kDeadline;
  while (program_on(interface()) == 0 && Clock::now() < deadline) std::this_thread::yield();
  EXPECT_NE(program_on(interface()), 0u);
  ::kill(child, SIGKILL);
  EXPECT_NO_THROW(open_port({device(), 1'500})) << "it waits until the kernel has cleaned up";
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(program_on(interface()), 0u);
}

TEST_F(XdpFaults, SayThatTheInterfaceIsGone) {
  make_hosts(1'500);
  const auto port = open_port({device(), 1'500}), other = open_port({device(1), 1'500});
  EXPECT_EQ(send(*port, 10), 10u);
  EXPECT_FALSE(port->statistics().gone);
  run({"ip", "link", "del", interface()});
  EXPECT_TRUE(port->statistics().gone) << "seen without sending anything";
  EXPECT_EQ(send(*port, 64), 64u) << "taken, so that nothing piles up";
  EXPECT_EQ(send(*port, 64), 64u);
  std::array<rte_mbuf*, 64> burst;
  EXPECT_EQ(port->receive(burst), 0u);
  EXPECT_EQ(loss(port->statistics(), "tx_interface_gone"), 128u);
  EXPECT_EQ(all_losses(port->statistics()), 128u);

  EXPECT_FALSE(other->statistics().gone);
  RawPeer host = peer(1);
  EXPECT_EQ(send(*other, 1), 1u);
  EXPECT_EQ(host.receive(Clock::now() + kDeadline), numbered_frame(0, 200)) << "others go on";
}

TEST_F(XdpFaults, CountWhatIsSentWhileTheOtherEndIsDown) {
  make_hosts(1'500);
  const auto port = open_port({device(), 1'500});
  run({"ip", "link", "set", "eth0", "down"}, lab_->namespace_fd(0));
  EXPECT_EQ(send(*port, 100), 100u);
  EXPECT_EQ(loss(port->statistics(), "tx_no_carrier"), 100u);
  run({"ip", "link", "set", "eth0", "up"}, lab_->namespace_fd(0));
  RawPeer host = peer();
  EXPECT_EQ(send(*port, 1), 1u);
  EXPECT_TRUE(host.receive(Clock::now() + kDeadline));
  EXPECT_EQ(all_losses(port->statistics()), 100u);
}

TEST_F(XdpFaults, CountWhatIsSentWhileTheInterfaceIsDown) {
  make_hosts(1'500);
  const auto port = open_port({device(), 1'500});
  run({"ip", "link", "set", interface(), "down"});
  EXPECT_EQ(send(*port, 3), 3u);
  EXPECT_EQ(send(*port, 100), 100u);
  EXPECT_EQ(loss(port->statistics(), "tx_interface_down"), 103u) << "3 held back, 100 given up";
  EXPECT_FALSE(port->statistics().gone);
  RawPeer host = peer();
  run({"ip", "link", "set", interface(), "up"});
  std::array<rte_mbuf*, 1> none{};
  EXPECT_EQ(port->receive(none), 0u);
  for (std::uint32_t i = 0; i < 3; ++i)
    EXPECT_EQ(host.receive(Clock::now() + kDeadline), numbered_frame(i, 200));
  EXPECT_EQ(send(*port, 1), 1u);
  EXPECT_TRUE(host.receive(Clock::now() + kDeadline));
  EXPECT_EQ(all_losses(port->statistics()), 103u);
}

TEST_F(XdpFaults, NameWhatIsWrongWithTheDevice) {
  make_hosts(1'500);
  EXPECT_THAT(
      [&] {
        open_port({"xdp,iface=lh-nowhere", 1'500});
      },
      ThrowsMessage<std::runtime_error>(HasSubstr("port xdp,iface=lh-nowhere: No such device")));
  for (const std::string bad : {"xdp,", "xdp,iface=", "xdp,queue=1", "xdp,iface=a,queue=1"})
    EXPECT_THAT(
        [&] {
          open_port({bad, 1'500});
        },
        ThrowsMessage<std::runtime_error>(HasSubstr("`xdp,iface=NAME` is needed")))
        << bad;
  EXPECT_THAT([&] { open_port({device(), 65'500}); }, ThrowsMessage<std::runtime_error>(HasSubstr("65500")));
  run({"ethtool", "-L", interface(), "rx", "2"});
  EXPECT_THAT(
      [&] {
        open_port({device(), 1'500});
      },
      ThrowsMessage<std::runtime_error>(
          AllOf(HasSubstr("has 2 receive queues"), HasSubstr("ethtool -L " + interface() + " rx 1"))));
}

}  // namespace
}  // namespace longhaul::nic

int main(int argc, char** argv) {
  return longhaul::nic::run_with_eal(argc, argv);
}
