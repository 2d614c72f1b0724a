// SPDX-License-Identifier: GPL-2.0-only
//
// Lab hosts in real network namespaces; needs root.
#include "nic/lab_hosts.h"

#include "nic/probe_path.h"
#include "tests/nic/netns_fixture.h"

namespace longhaul::nic {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::StartsWith;

TEST_F(NetnsTest, TheSettingsAreReallyInForce) {
  const std::string allowed = read_setting("/proc/sys/net/ipv4/tcp_allowed_congestion_control");
  LabState state("settings", directory_);
  std::vector<LabHostSpec> specs = two_hosts();
  specs[0].mtu = specs[1].mtu = 9000;
  specs[0].tcp = {.congestion_control = "cubic", .rmem_max = 50'000'000, .wmem_max = 40'000'000};
  specs[1].tcp = {.congestion_control = "reno", .slow_start_after_idle = true, .no_metrics_save = false};
  const LabHosts lab(state, specs);

  for (std::size_t i = 0; i < 2; ++i) {
    const LabHost& host = lab.hosts()[i];
    const int inside = lab.namespace_fd(i);
    EXPECT_EQ(host.network_namespace, lab_name(i == 0 ? "a" : "b"));
    EXPECT_EQ(host.mac, i == 0 ? "02:4c:48:00:00:01" : "02:4c:48:00:00:02");

    const json eth0 = ip_json({"address", "show", "dev", "eth0"}, inside).at(0);
    EXPECT_EQ(eth0["mtu"], 9000);
    EXPECT_EQ(eth0["address"], host.mac);
    EXPECT_EQ(eth0["txqlen"], 1000);
    EXPECT_THAT(eth0["flags"], Contains("UP"));
    EXPECT_THAT(eth0["flags"], Contains("LOWER_UP"));
    EXPECT_EQ(eth0["addr_info"].size(), 1U) << "one IPv4 address and no IPv6 one";
    EXPECT_EQ(eth0["addr_info"][0]["local"], host.address);
    EXPECT_EQ(eth0["addr_info"][0]["prefixlen"], 24);
    EXPECT_THAT(ip_json({"link", "show", "dev", "lo"}, inside).at(0)["flags"], Contains("UP"));
    EXPECT_EQ(feature("eth0", "tx-checksumming", inside), "off");
    EXPECT_EQ(feature("eth0", "tcp-segmentation-offload", inside), "off");
    EXPECT_EQ(feature("eth0", "tx-udp-segmentation", inside), "off");
    EXPECT_EQ(feature("eth0", "tx-vlan-offload", inside), "off");
    EXPECT_EQ(feature("eth0", "tx-vlan-stag-hw-insert", inside), "off");

    const json emulator = ip_json({"address", "show", "dev", host.emulator_interface}).at(0);
    EXPECT_EQ(emulator["mtu"], 9000);
    EXPECT_THAT(emulator["flags"], Contains("UP"));
    EXPECT_EQ(emulator["addr_info"].size(), 0U);
    for (const char* off :
         {"generic-receive-offload", "tcp-segmentation-offload", "generic-segmentation-offload"})
      EXPECT_EQ(feature(host.emulator_interface, off), "off") << off;
    EXPECT_EQ(read_setting("/proc/sys/net/ipv6/conf/" + host.emulator_interface + "/disable_ipv6"), "1");
    EXPECT_EQ(setting_in(inside, "ipv6/conf/eth0/disable_ipv6"), "1");
  }
  const int first = lab.namespace_fd(0), second = lab.namespace_fd(1);
  EXPECT_EQ(setting_in(first, "ipv4/tcp_congestion_control"), "cubic");
  EXPECT_EQ(setting_in(second, "ipv4/tcp_congestion_control"), "reno");
  EXPECT_THAT(setting_in(first, "ipv4/tcp_rmem"), testing::EndsWith("\t50000000"));
  EXPECT_THAT(setting_in(first, "ipv4/tcp_wmem"), testing::EndsWith("\t40000000"));
  EXPECT_EQ(setting_in(second, "ipv4/tcp_rmem"), read_setting("/proc/sys/net/ipv4/tcp_rmem"));
  EXPECT_EQ(setting_in(first, "ipv4/tcp_slow_start_after_idle"), "0");
  EXPECT_EQ(setting_in(first, "ipv4/tcp_no_metrics_save"), "1");
  EXPECT_EQ(setting_in(second, "ipv4/tcp_slow_start_after_idle"), "1");
  EXPECT_EQ(setting_in(second, "ipv4/tcp_no_metrics_save"), "0");
  EXPECT_EQ(read_setting("/proc/sys/net/ipv4/tcp_allowed_congestion_control"), allowed);

  const auto running = find_running(directory_);
  ASSERT_TRUE(running);
  EXPECT_EQ(running->hosts.at(1).address, "10.199.0.2");
  EXPECT_EQ(running->resources.size(), 4U);
  for (const Resource& resource : running->resources) EXPECT_NE(resource.identity, 0U) << resource.name;
}

TEST_F(NetnsTest, LongNamesWork) {
  LabState state("long", directory_);
  const LabHosts lab(
      state, {{name("mount-pleasant-0"), "10.199.0.1/24"}, {name("mount-pleasant-1"), "10.199.0.2/24"}});
  for (const LabHost& host : lab.hosts()) {
    EXPECT_LE(host.emulator_interface.size(), 15U);
    EXPECT_NE(::if_nametoindex(host.emulator_interface.c_str()), 0U);
    EXPECT_TRUE(namespace_name_taken("lh-" + host.name));
  }
}

TEST_F(NetnsTest, RemoveLeavesNothingAndEndsWhatRunsInside) {
  LabState state("remove", directory_);
  LabHosts lab(state, two_hosts());
  EXPECT_EQ(ours().size(), 4U);
  Child inside(
      {.argv = {"sh", "-c", "echo in; while :; do :; done"}, .network_namespace = lab.namespace_fd(0)});
  Child outside({.argv = {"sh", "-c", "echo out; while :; do :; done"}});
  ASSERT_EQ(inside.read_line(kDeadline), "in");
  ASSERT_EQ(outside.read_line(kDeadline), "out");
  EXPECT_THAT(lab.remove(), IsEmpty());
  EXPECT_THAT(ours(), IsEmpty());
  EXPECT_TRUE(state.content().resources.empty());
  EXPECT_TRUE(state.content().hosts.empty());
  EXPECT_EQ(inside.wait(kDeadline).value().signal, SIGTERM);
  EXPECT_EQ(outside.poll_exit(), std::nullopt);
  EXPECT_THAT(lab.remove(), IsEmpty()) << "a second time";
}

TEST_F(NetnsTest, RemoveToleratesWhatIsGoneAlready) {
  LabState state("gone", directory_);
  LabHosts lab(state, two_hosts());
  run({"ip", "link", "del", lab_name("a")});
  run({"ip", "netns", "del", lab_name("b")});
  EXPECT_THAT(lab.remove(), IsEmpty());
  EXPECT_TRUE(state.content().resources.empty());
}

// Makes the lab, expects it to fail with this text and to leave nothing.
void expect_failure(LabState& state, const std::vector<LabHostSpec>& specs, const std::string& text) {
  try {
    const LabHosts lab(state, specs);
    FAIL() << "made a lab that cannot be";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(text));
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
  }
  EXPECT_TRUE(state.content().resources.empty());
}

TEST_F(NetnsTest, AFailureHalfWayLeavesNothing) {
  LabState state("half", directory_);
  auto specs = two_hosts();
  specs[1].mtu = 70'000;
  expect_failure(state, specs, "cannot make the lab hosts: `ip` exited with 1: ");
  EXPECT_THAT(ours(), IsEmpty());

  specs = two_hosts();
  specs[1].tcp.congestion_control = "carrier-pigeon";
  const std::string known = read_setting("/proc/sys/net/ipv4/tcp_available_congestion_control");
  expect_failure(state, specs, "`carrier-pigeon` is not known to this kernel; it has: " + known);
  EXPECT_THAT(ours(), IsEmpty());

  const LabHosts lab(state, two_hosts());
  EXPECT_EQ(ours().size(), 4U) << "a good lab can be made after the bad ones";
}

TEST_F(NetnsTest, ANameThatIsTakenIsAnErrorAndItsOwnerUntouched) {
  LabState state("collision", directory_);
  {
    const ForeignNamespace foreign(lab_name("b"));
    expect_failure(state, two_hosts(), "network namespace " + lab_name("b") + " exists and is not ours");
    EXPECT_TRUE(foreign.untouched());
    EXPECT_THAT(ours(), ElementsAre(lab_name("b")));
  }
  {
    const ForeignInterface foreign(lab_name("b"), "bridge");
    expect_failure(state, two_hosts(), "interface " + lab_name("b") + " exists and is not ours");
    EXPECT_TRUE(foreign.untouched());
    EXPECT_THAT(ours(), ElementsAre(lab_name("b")));
  }
}

TEST_F(NetnsTest, TwoLabsStandSideBySide) {
  LabState first_state("first", directory_);
  LabState second_state("second", parent_.path() / "other");
  const LabHosts first(first_state, {{name("a"), "10.199.0.1/24"}});
  {
    const LabHosts second(second_state, {{name("b"), "10.199.0.1/24"}});
    EXPECT_EQ(ours().size(), 4U);
  }
  EXPECT_THAT(ours(), ElementsAre(lab_name("a"), lab_name("a")));
}

TEST_F(NetnsTest, ProbesAPathAndCountsItsFramesOnBothEnds) {
  LabState state("probe", directory_);
  const LabHosts lab(state, two_hosts());
  const ForeignInterface bridge(lab_name("br"), "bridge");
  disable_ipv6(lab_name("br"));
  run({"ip", "link", "set", lab_name("br"), "up"});
  for (const LabHost& host : lab.hosts())
    run({"ip", "link", "set", host.emulator_interface, "master", lab_name("br")});

  ProbePlan plan;
  plan.count = 5;
  plan.expected_rtt = Duration::milliseconds(1);
  const PathRtt rtt = probe_path(lab.namespace_fd(0), lab.hosts()[1].address, plan);
  EXPECT_EQ(rtt.sent, 5U);
  EXPECT_EQ(rtt.received, 5U);
  EXPECT_GT(rtt.min_ms, 0);
  EXPECT_LE(rtt.min_ms, rtt.avg_ms);
  EXPECT_LE(rtt.avg_ms, rtt.max_ms);

  for (std::size_t i = 0; i < 2; ++i) {
    const HostInterfaceCounters counters = lab.read_counters(i);
    EXPECT_GE(counters.host.tx_packets, 7U) << "6 echoes or answers, and ARP";
    EXPECT_EQ(counters.host.tx_packets, counters.emulator.rx_packets);
    EXPECT_EQ(counters.emulator.tx_packets, counters.host.rx_packets);
    for (const InterfaceCounters& end : {counters.host, counters.emulator}) {
      EXPECT_EQ(end.rx_dropped + end.tx_dropped + end.rx_errors + end.tx_errors, 0U);
      EXPECT_THAT(end.driver_losses, Contains(Key("rx_queue_0_drops")));
      EXPECT_THAT(end.driver_losses, Contains(Key("rx_queue_0_xdp_drops")));
      for (const auto& [counter, value] : end.driver_losses) EXPECT_EQ(value, 0U) << counter;
    }
  }

  plan.count = 2;
  const PathRtt lost = probe_path(lab.namespace_fd(0), "10.199.0.77", plan);
  EXPECT_EQ(lost.sent, 2U);
  EXPECT_EQ(lost.received, 0U);
  try {
    probe_path(lab.namespace_fd(0), "192.0.2.1", plan);
    FAIL() << "pinged an address without a route";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), StartsWith("cannot ping 192.0.2.1: `ping` exited with 2: "));
  }
}

TEST_F(NetnsTest, AHostSendsNothingOfItsOwnAccord) {
  LabState state("quiet", directory_);
  const LabHosts lab(state, two_hosts());
  for (std::size_t i = 0; i < 2; ++i) {
    const HostInterfaceCounters counters = lab.read_counters(i);
    EXPECT_EQ(counters.host.tx_packets + counters.host.rx_packets, 0U);
    EXPECT_EQ(counters.host.tx_dropped + counters.emulator.tx_dropped, 0U);
  }
}

}  // namespace
}  // namespace longhaul::nic
