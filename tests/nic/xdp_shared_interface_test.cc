// SPDX-License-Identifier: GPL-2.0-only
//
// An interface that our AF_XDP port shares with the kernel's stack: what the filter names comes to the port,
// and a TCP session of the stack goes on beside it. The process has a network namespace of its own, so that
// the emulator's end can have an address; needs root.
#include <bpf/bpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "nic/xdp_program.h"
#include "nic/xdp_socket.h"
#include "tests/nic/shared_interface_fixture.h"

namespace longhaul::nic {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

class SharedInterfaceOfMtu : public SharedInterface, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(SharedInterfaceOfMtu, KeepsASessionOfTheKernelWhileThePortTakesItsRange) {
  const std::uint32_t mtu = GetParam();
  share(mtu);
  Session session(lab_->namespace_fd(0));
  ASSERT_TRUE(session.exchange(0, 100)) << "before the port is there";
  const UniqueFd kernel = bound(SOCK_DGRAM, kHere, kTaken), other = bound(SOCK_DGRAM, kHere, kOther);
  auto port = open_port({shared_device(), mtu});
  constexpr std::uint32_t kRounds = 200;
  for (std::uint32_t i = 0; i < kRounds; ++i) {
    const std::size_t size = i % 2 == 0 ? 100 : mtu - 28;
    send_datagram(kTaken, numbered_frame(i, size));
    ASSERT_TRUE(session.exchange(i, i % 3 == 0 ? 48 : mtu)) << "message " << i;
    const std::vector<Bytes> frames = receive_frames(*port, 1, Clock::now() + kDeadline);
    ASSERT_EQ(frames.size(), 1u) << i;
    ASSERT_EQ(Bytes(frames[0].begin() + kHeaders, frames[0].end()), numbered_frame(i, size));
    send_datagram(kOther, numbered_frame(i, size));
    ASSERT_EQ(datagram(other), numbered_frame(i, size)) << "a port beside the range";
  }
  EXPECT_EQ(datagram(kernel, MSG_DONTWAIT), Bytes{}) << "the kernel got what the port took";
  EXPECT_EQ(steered(*port, "taken udp 5201-5210 destination"), kRounds);
  EXPECT_EQ(steered(*port, "taken tcp 5201-5210"), 0u);
  EXPECT_GE(steered(*port, "passed no_match"), 2 * kRounds);
  EXPECT_EQ(steered(*port, "passed malformed") + steered(*port, "passed fragment") +
                steered(*port, "passed no_socket"),
            0u);
  EXPECT_EQ(port->statistics().rx_frames, kRounds);
  EXPECT_EQ(all_losses(port->statistics()), 0u) << "what was passed is not lost";
  port.reset();
  EXPECT_TRUE(session.exchange(kRounds, 100)) << "after the port is gone";
}

INSTANTIATE_TEST_SUITE_P(EthernetAndJumbo, SharedInterfaceOfMtu, testing::Values(1'500u, 9'000u));

TEST_F(SharedInterface, TakesTcpOfTheRangeAndTheKernelDoesNotAnswer) {
  share(1'500);
  const auto port = open_port({shared_device(), 1'500});
  const UniqueFd caller = in_namespace(lab_->namespace_fd(0), [] { return bound(SOCK_STREAM, kHost, 0); });
  ASSERT_EQ(::fcntl(caller.get(), F_SETFL, O_NONBLOCK), 0);
  const sockaddr_in where = at(kHere, 5'210);
  EXPECT_EQ(::connect(caller.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where), -1);
  EXPECT_EQ(errno, EINPROGRESS);
  const std::vector<Bytes> frames = receive_frames(*port, 1, Clock::now() + kDeadline);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0][23], 6) << "TCP";
  EXPECT_EQ(frames[0][36] << 8 | frames[0][37], 5'210);
  EXPECT_EQ(frames[0][47], 2) << "SYN";
  EXPECT_GE(steered(*port, "taken tcp 5201-5210"), 1u);
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(caller.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  EXPECT_EQ(error, 0) << "nobody has refused the connection";
}

TEST_F(SharedInterface, TakesAVlanAndSendsBesideTheKernel) {
  share(1'500);
  const auto port = open_port({shared_device(), 1'500});
  RawPeer host = peer();
  const auto tagged = [](std::uint8_t vlan) {
    Bytes frame = numbered_frame(vlan, 200);
    const Bytes tag{0x81, 0, 0, vlan};
    frame.insert(frame.begin() + 12, tag.begin(), tag.end());
    return frame;
  };
  ASSERT_TRUE(host.send(tagged(99)));
  ASSERT_TRUE(host.send(numbered_frame(1, 60)));
  ASSERT_TRUE(host.send(tagged(100)));
  EXPECT_EQ(receive_frames(*port, 1, Clock::now() + kDeadline), std::vector<Bytes>{tagged(100)});
  EXPECT_EQ(steered(*port, "taken vlan 100"), 1u);
  rte_mbuf* mbuf = mbuf_of(*port, numbered_frame(7, 1'514));
  ASSERT_EQ(port->transmit(std::span(&mbuf, 1)), 1u);
  EXPECT_EQ(host.receive(Clock::now() + kDeadline), numbered_frame(7, 1'514));
}

TEST_F(SharedInterface, HasNoSteeringCountersWhereEverythingIsTaken) {
  make_hosts(1'500);
  for (const std::string& every : {device(), shared_device("everything")}) {
    const auto port = open_port({every, 1'500});
    RawPeer host = peer();
    ASSERT_TRUE(host.send(numbered_frame(1, 60)));
    EXPECT_EQ(receive_frames(*port, 1, Clock::now() + kDeadline).size(), 1u);
    EXPECT_THAT(port->statistics().steering, IsEmpty());
  }
}

TEST_F(SharedInterface, IsTheKernelsAloneAfterThePort) {
  share(9'000);
  for (int i = 0; i < 5; ++i) {
    auto port = open_port({shared_device(), 9'000});
    EXPECT_NE(program_on(interface()), 0u);
    port.reset();
    expect_kernel_has_it_all();
  }
}

TEST_F(SharedInterface, IsTheKernelsAloneAfterTheProcessIsKilled) {
  share(1'500);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    try {
      XdpSocket socket(interface(), 1'518);
      XdpProgram program(interface(), socket.fd(), SteeringFilter::of_text(kFilter));
      for (;;) ::pause();
    } catch (...) {
      ::_exit(1);
    }
  }
  auto deadline = Clock::now() + kDeadline;
  while (program_on(interface()) == 0 && Clock::now() < deadline) std::this_thread::yield();
  EXPECT_NE(program_on(interface()), 0u);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  deadline = Clock::now() + kDeadline;
  while (program_on(interface()) != 0 && Clock::now() < deadline) std::this_thread::yield();
  expect_kernel_has_it_all();
  EXPECT_NO_THROW(open_port({shared_device(), 1'500}));
}

TEST_F(SharedInterface, LeavesAProgramOfSomebodyElseWhereItIs) {
  make_hosts(1'500);
  const std::uint32_t id = attach_stranger(interface());
  ASSERT_NE(id, 0u);
  EXPECT_THAT(
      [&] {
        open_port({shared_device(), 1'500});
      },
      ThrowsMessage<std::runtime_error>(
          AllOf(HasSubstr(interface()), HasSubstr("`stranger`"), HasSubstr(fmt::format("(id {})", id)))));
  EXPECT_EQ(program_on(interface()), id);
  ASSERT_TRUE(detach_stranger(interface()));
}

TEST_F(SharedInterface, NamesWhatIsWrongWithTheFilter) {
  make_hosts(1'500);
  const std::pair<std::string, std::string> wrong[] = {
      {"", "steering ``: `vlan ID`"}, {"vlan 5000", "steering `vlan 5000`: "}, {"arp,x", "`arp,x`: "}};
  for (const auto& [filter, words] : wrong) {
    const PortSpec spec{shared_device(filter), 1'500};
    EXPECT_THAT([&] { open_port(spec); }, ThrowsMessage<std::runtime_error>(AllOf(
                                              HasSubstr("port " + spec.device + ": "), HasSubstr(words))));
  }
  EXPECT_EQ(program_on(interface()), 0u);
}

}  // namespace
}  // namespace longhaul::nic

int main(int argc, char** argv) {
  if (::geteuid() == 0 && ::unshare(CLONE_NEWNET) != 0) {
    std::cout << "skipped: no network namespace of its own can be made" << std::endl;
    return 77;
  }
  return longhaul::nic::run_with_eal(argc, argv);
}
