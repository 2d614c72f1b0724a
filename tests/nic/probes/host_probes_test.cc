// SPDX-License-Identifier: GPL-2.0-only
//
// The probes between two real hosts: network namespaces with one veth pair between them, and sockets of this
// process inside.
#include "nic/probes/host_probes.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "nic/probes/probe_cgroup.h"
#include "nic/probes/tcp_counters.h"
#include "tests/nic/netns_fixture.h"

namespace longhaul::nic {
namespace {

using testing::HasSubstr;

constexpr std::uint16_t kPort = 5001;

// The BPF links that a process holds; others on the machine may have probes too.
std::set<std::uint32_t> links_of(pid_t process) {
  constexpr std::string_view kKey = "link_id:";
  std::set<std::uint32_t> held;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/fdinfo", process), gone)) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(kKey))
        held.insert(static_cast<std::uint32_t>(std::stoul(line.substr(kKey.size()))));
    }
  }
  return held;
}

// Of these links, how many the kernel still has.
std::size_t alive(const std::set<std::uint32_t>& links) {
  return static_cast<std::size_t>(std::count_if(links.begin(), links.end(), [](std::uint32_t id) {
    return static_cast<bool>(UniqueFd(bpf_link_get_fd_by_id(id)));
  }));
}

// Programs in the kernel end a moment after their last descriptor.
void expect_gone(const std::set<std::uint32_t>& links) {
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (alive(links) != 0 && std::chrono::steady_clock::now() < deadline) ::poll(nullptr, 0, 5);
  EXPECT_EQ(alive(links), 0U);
}

sockaddr_in address_of(const char* text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  EXPECT_EQ(::inet_pton(AF_INET, text, &address.sin_addr), 1);
  return address;
}

class HostProbesTest : public NetnsTest {
 protected:
  void SetUp() override {
    run({"ip", "link", "add", "eth0", "netns", lab_name("a"), "type", "veth", "peer", "name", "eth0", "netns",
         lab_name("b")});
    int host = 1;
    for (const UniqueFd* inside : {&a_, &b_}) {
      run_in_namespace(inside->get(), [] {
        disable_ipv6("eth0");
        turn_off("eth0", Offload::kTcpSegmentation);
        turn_off("eth0", Offload::kTxChecksum);
      });
      run({"ip", "address", "add", fmt::format("10.199.0.{}/24", host++), "dev", "eth0"}, inside->get());
      run({"ip", "link", "set", "dev", "lo", "up"}, inside->get());
      run({"ip", "link", "set", "dev", "eth0", "up"}, inside->get());
    }
  }

  std::vector<ProbeHost> hosts() const { return {{"a", a_.get()}, {"b", b_.get()}}; }

  void TearDown() override {
    first_.reset();
    second_.reset();
    NetnsTest::TearDown();
  }

  std::optional<ForeignNamespace> first_{std::in_place, lab_name("a")}, second_{std::in_place, lab_name("b")};
  UniqueFd a_ = open_namespace(lab_name("a")), b_ = open_namespace(lab_name("b"));

  // A connection from a to b.
  struct Connection {
    UniqueFd near, far;
  };
  Connection connect() const {
    UniqueFd listener, near;
    run_in_namespace(b_.get(), [&] {
      listener = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const int one = 1;
      ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
      const sockaddr_in address = address_of("10.199.0.2");
      ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
      ASSERT_EQ(::listen(listener.get(), 1), 0);
    });
    run_in_namespace(a_.get(), [&] {
      near = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      const sockaddr_in address = address_of("10.199.0.2");
      ASSERT_EQ(::connect(near.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    });
    return {std::move(near), UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC))};
  }

  // Sends `count` bytes one way while the other end reads.
  static void transfer(const Connection& connection, std::size_t count) {
    const std::vector<char> chunk(64 * 1024, 'x');
    std::vector<char> room(256 * 1024);
    std::size_t sent = 0, got = 0;
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (got < count && std::chrono::steady_clock::now() < deadline) {
      pollfd wait[2] = {{connection.far.get(), POLLIN, 0},
                        {connection.near.get(), static_cast<short>(sent < count ? POLLOUT : 0), 0}};
      ::poll(wait, 2, 100);
      if (sent < count) {
        const ssize_t n =
            ::send(connection.near.get(), chunk.data(), std::min(chunk.size(), count - sent), MSG_DONTWAIT);
        if (n > 0) sent += static_cast<std::size_t>(n);
      }
      const ssize_t n = ::recv(connection.far.get(), room.data(), room.size(), MSG_DONTWAIT);
      if (n > 0) got += static_cast<std::size_t>(n);
    }
    EXPECT_EQ(got, count);
  }

  InterfaceCounters counters(const UniqueFd& inside) const {
    InterfaceCounters seen;
    run_in_namespace(inside.get(), [&] { seen = read_interface_counters("eth0"); });
    return seen;
  }
};

// Both ends must agree with each other and with what the interfaces count.
TEST_F(HostProbesTest, BothEndsAndTheInterfacesAgree) {
  std::set<std::uint32_t> ours;
  {
    const InterfaceCounters start_a = counters(a_), start_b = counters(b_);
    HostProbes probes(hosts(), {.stamp_every = 4});
    ours = links_of(::getpid());
    EXPECT_EQ(ours.size(), 5U);
    EXPECT_EQ(alive(ours), 5U);
    {
      const Connection connection = connect();
      transfer(connection, 20'000'000);
    }
    // The last frames of closing the connection may still be on their way.
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    const auto sent = [&](std::size_t host) { return probes.totals(host, ProbeDirection::kSent); };
    const auto received = [&](std::size_t host) { return probes.totals(host, ProbeDirection::kReceived); };
    while ((sent(0).frames != received(1).frames || sent(1).frames != received(0).frames) &&
           std::chrono::steady_clock::now() < deadline)
      probes.poll();
    probes.poll();
    EXPECT_EQ(sent(0).frames, counters(a_).tx_packets - start_a.tx_packets);
    EXPECT_EQ(received(0).frames, counters(a_).rx_packets - start_a.rx_packets);
    EXPECT_EQ(sent(1).frames, counters(b_).tx_packets - start_b.tx_packets);
    EXPECT_EQ(received(1).frames, counters(b_).rx_packets - start_b.rx_packets);
    EXPECT_GT(sent(0).frames, 20'000'000U / 1448);
    for (const std::size_t host : {0U, 1U}) {
      EXPECT_EQ(sent(host).bytes, received(1 - host).bytes);
      EXPECT_EQ(sent(host).malformed_frames + received(host).malformed_frames, 0U);
      EXPECT_EQ(sent(host).no_room_frames, 0U);
    }

    const std::vector<FlowCount> flows = probes.flows();
    ASSERT_EQ(flows.size(), 4U);  // two directions, each at two hosts
    for (const FlowCount& flow : flows) {
      const auto other = std::find_if(flows.begin(), flows.end(), [&](const FlowCount& f) {
        return f.flow == flow.flow && f.direction != flow.direction && f.host != flow.host;
      });
      ASSERT_NE(other, flows.end());
      EXPECT_EQ(flow.frames, other->frames);
      EXPECT_EQ(flow.bytes, other->bytes);
      EXPECT_GE(flow.bursts, 1U);
      EXPECT_LT(flow.first_ns, flow.last_ns);
      EXPECT_EQ(flow.flow.protocol, IPPROTO_TCP);
    }

    std::uint64_t matched = 0;
    for (const FlowDelay& delay : probes.delays()) {
      EXPECT_EQ(delay.matched + delay.ambiguous, delay.stamped) << delay.flow.text();
      EXPECT_EQ(delay.from + delay.to, 1U);
      EXPECT_GT(delay.min, Duration());
      EXPECT_LE(delay.min, delay.p50);
      EXPECT_LE(delay.p50, delay.p99);
      EXPECT_LE(delay.p99, delay.max);
      matched += delay.matched;
    }
    EXPECT_GT(matched, 100U);
    EXPECT_EQ(probes.losses().stamps, 0U);
  }
  expect_gone(ours);
}

TEST_F(HostProbesTest, ConnectionsInTheHostsAreWatched) {
  HostProbes probes(hosts(), {.cgroup = cgroup2_root()});
  std::vector<ConnectionSample> samples;
  {
    const Connection connection = connect();
    transfer(connection, 5'000'000);
    probes.poll([&](const ConnectionSample& sample) { samples.push_back(sample); });
  }
  const std::vector<ConnectionCount> ends = probes.connections();
  ASSERT_EQ(ends.size(), 2U);
  const auto& near = ends[0].active ? ends[0] : ends[1];
  const auto& far = ends[0].active ? ends[1] : ends[0];
  EXPECT_TRUE(near.active);
  EXPECT_FALSE(far.active);
  EXPECT_EQ(near.host, 0U);
  EXPECT_EQ(far.host, 1U);
  EXPECT_TRUE(near.established);
  EXPECT_EQ(near.local.text(), "10.199.0.1");
  EXPECT_EQ(near.remote.text(), "10.199.0.2");
  EXPECT_EQ(near.remote_port, kPort);
  EXPECT_EQ(far.local_port, kPort);
  EXPECT_EQ(near.local_port, far.remote_port);
  EXPECT_GT(near.cwnd_segments, 0U);
  EXPECT_GT(near.rtt_samples, 0U);
  EXPECT_GT(near.rtt_p50, Duration());
  EXPECT_LE(near.rtt_p50, near.rtt_max);
  EXPECT_EQ(near.retransmissions, probes.retransmissions(0).retransmissions);
  const auto rtts =
      static_cast<std::uint64_t>(std::count_if(samples.begin(), samples.end(), [&](const auto& s) {
        return s.event == ConnectionEvent::kRtt && s.cookie == near.cookie;
      }));
  EXPECT_LE(rtts, near.rtt_samples);
  EXPECT_GT(rtts, 0U);
  EXPECT_EQ(probes.losses().samples, 0U);
}

// Frames to a MAC address that nobody has are lost: the counts of all who saw them sent again must be one.
TEST_F(HostProbesTest, RetransmissionsAgreeWithTcpItself) {
  HostProbes probes(hosts(), {.cgroup = cgroup2_root()});
  const Connection connection = connect();
  transfer(connection, 100'000);
  const std::vector<std::string> neighbour = {"ip",  "neighbour", "replace", "10.199.0.2",
                                              "dev", "eth0",      "lladdr"};
  const std::string mac = ip_json({"link", "show", "dev", "eth0"}, b_.get())[0]["address"];
  const auto point_to = [&](const std::string& where) {
    std::vector<std::string> command = neighbour;
    command.insert(command.end(), {where, "nud", "permanent"});
    run(command, a_.get());
  };
  point_to("02:00:00:00:00:99");
  ASSERT_EQ(::send(connection.near.get(), "lost", 4, 0), 4);
  std::vector<ConnectionSample> samples;
  const auto near = [&] {
    probes.poll([&](const ConnectionSample& sample) { samples.push_back(sample); });
    const auto ends = probes.connections();
    return *std::find_if(ends.begin(), ends.end(), [](const ConnectionCount& c) { return c.active; });
  };
  const auto deadline = std::chrono::steady_clock::now() + kDeadline;
  while (near().timeouts < 2 && std::chrono::steady_clock::now() < deadline) ::poll(nullptr, 0, 10);
  point_to(mac);
  char room[4];
  ASSERT_EQ(::recv(connection.far.get(), room, sizeof room, MSG_WAITALL), 4);

  const ConnectionCount end = near();
  EXPECT_GE(end.timeouts, 2U);
  EXPECT_GE(end.retransmitted_segments, 2U);
  EXPECT_EQ(end.retransmitted_segments, tcp_retransmitted_segments(a_.get()));
  EXPECT_EQ(probes.retransmissions(0).segments, tcp_retransmitted_segments(a_.get()));
  EXPECT_EQ(probes.retransmissions(0).retransmissions, end.retransmissions);
  EXPECT_EQ(probes.retransmissions(1).segments, 0U);
  std::uint64_t told = 0;
  for (const ConnectionSample& sample : samples) told += sample.event_segments;
  EXPECT_EQ(told, end.retransmitted_segments);
}

TEST_F(HostProbesTest, NothingStaysAttachedWhenTheProcessIsKilled) {
  int ready[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  const UniqueFd from_child(ready[0]);
  UniqueFd to_parent(ready[1]);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    try {
      const HostProbes probes(hosts(), {.cgroup = cgroup2_root()});
      if (::write(to_parent.get(), "1", 1) == 1) ::pause();
    } catch (const std::exception&) {
    }
    ::_exit(1);
  }
  to_parent.reset();
  char byte = 0;
  const bool attached = ::read(from_child.get(), &byte, 1) == 1;
  const std::set<std::uint32_t> during = links_of(child);
  const std::size_t were_alive = alive(during);
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(attached) << "the child could not attach";
  EXPECT_EQ(during.size(), 6U);
  EXPECT_EQ(were_alive, 6U);
  expect_gone(during);
}

TEST_F(HostProbesTest, AFailureIsOneLineAndLeavesNothing) {
  const auto failure = [](const std::vector<ProbeHost>& hosts, const ProbeSettings& settings) -> std::string {
    try {
      const HostProbes probes(hosts, settings);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(failure({{"a", a_.get()}, {"b", b_.get(), "eth9"}}, {}),
            "host b: cannot attach a probe to ingress of eth9: No such device");
  EXPECT_THAT(failure(hosts(), {.cgroup = "/nowhere"}),
              HasSubstr("cannot attach a probe to the control group /nowhere: No such file or directory"));
  EXPECT_THAT(failure({}, {}), HasSubstr("1 to 65535 hosts, not 0"));
  EXPECT_TRUE(links_of(::getpid()).empty());
}

}  // namespace
}  // namespace longhaul::nic
