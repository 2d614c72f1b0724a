# SPDX-License-Identifier: GPL-2.0-only
"""The fabric between sites as hosts meet it: rings, parallel links, several hops and lcores, VLANs, kinds of ports."""

import collections
import os
import shutil
import signal
import struct

from fabric import Fabric, outgoing_frames
from harness import Process, ip, wait_until
import tap

EVERYONE = "ff:ff:ff:ff:ff:ff"
BOX_MAC = "02:4e:00:00:00:07"
FLOWS, FRAMES = 32, 20

VLANS = """
name: vlans
sites: { a: {}, b: {} }
hosts:
  a10: { site: a, vlan: 10 }
  a20: { site: a, vlan: 20 }
  aall: { site: a, port: af_packet }
  b10: { site: b, vlan: 10 }
  b20: { site: b, vlan: 20 }
  ball: { site: b }
links: { wan: { between: [a, b], delay: 1 ms, rate: 1 Gbit/s } }
"""
KINDS = """
name: kinds
sites: { a: {}, b: {} }
hosts:
  packet: { site: a, port: af_packet, rate: 500 Mbit/s }
  afxdp: { site: a, port: af_xdp, rate: 500 Mbit/s }
  ours: { site: b, port: xdp, rate: 500 Mbit/s }
  any: { site: b, rate: 500 Mbit/s }
links: { wan: { between: [a, b], delay: 1 ms, rate: 500 Mbit/s, buffer: 4 MiB } }
"""
EXTERNAL = """
name: with-external
sites: { a: {}, b: {} }
hosts:
  a0: { site: a }
  a1: { site: a }
  b0: { site: b }
  box: { site: b, kind: external, device: "xdp,iface=fab-box", mac: "02:4e:00:00:00:07" }
links: { wan: { between: [a, b], delay: 1 ms, rate: 1 Gbit/s } }
"""


class Ways(Fabric):
    def test_each_pair_of_a_ring_uses_its_own_link(self):
        expected = self.predicted("three-site-ring")
        self.assertEqual(len(expected), 6)
        process = self.up("three-site-ring")
        hosts = self.hosts()
        sites = {"ashburn": "ash0", "atlanta": "atl0", "columbus": "col0"}
        for site, host in sites.items():
            with self.subTest(site=site):
                self.everyone_hears_once(site, host)
        for (a, b), rtt in expected.items():
            with self.subTest(a=a, b=b):
                self.ping(sites[a], hosts[sites[b]]["address"], 1)  # who asks for the address is heard everywhere
                before = self.at_rest() and self.entered()
                self.takes(rtt, sites[a], hosts[sites[b]]["address"])
                grown = {way for way, frames in (self.at_rest() and self.entered()).items() if frames - before[way] > 3}
                self.assertEqual({way[:2] for way in grown}, {(a, b), (b, a)})
        self.nothing_was_lost()
        self.stop(process)
        self.nothing_is_left()

    def everyone_hears_once(self, site, host):
        """What a host sends to everyone enters two of the six directions, each once, and does not circulate."""
        before, heard = self.entered(), self.sent_to()
        self.done(self.peer(host, "frames", EVERYONE, 5))
        until = self.status()["uptime_s"] + 2

        def entered_once():
            for way, frames in self.entered().items():
                self.assertLessEqual(frames - before[way], 5 if way[0] == site else 0, way)
            return self.status()["uptime_s"] > until

        wait_until(entered_once, "two seconds to pass", 20)
        self.at_rest()
        self.assertEqual({way: frames - before[way] for way, frames in self.entered().items()},
                         {way: 5 if way[0] == site else 0 for way in before})
        self.assertEqual({name: frames - heard[name] for name, frames in self.sent_to().items()},
                         {name: 0 if name == host else 5 for name in heard})

    def test_flows_spread_over_two_spans_and_each_stays_on_one(self):
        process = self.up("two-parallel-spans")
        address = self.hosts()["phl0"]["address"]
        captures = {}
        for link in ("north-span", "south-span"):
            captures[link] = Process(self, ["capture", f"{link}:forward", "--write", f"{link}.pcapng",
                                            "--filter", "udp dst port 9"])
            wait_until(lambda link=link: "Ctrl-C ends it" in captures[link].err(), "the capture to begin", 20)
        self.done(self.peer("ewr0", "flows", address, FLOWS, FRAMES))
        self.at_rest()
        spans = collections.defaultdict(dict)
        for link, capture in captures.items():
            capture.send(signal.SIGINT)
            self.done(capture)
            for frame in outgoing_frames(self.directory / f"{link}.pcapng"):
                port, number = struct.unpack_from("!H", frame, 34)[0], struct.unpack_from("!I", frame, 42)[0]
                spans[port].setdefault(link, []).append(number)
        self.assertEqual(sorted(spans), [20000 + flow for flow in range(FLOWS)])
        for port, taken in spans.items():
            self.assertEqual(list(taken.values()), [list(range(FRAMES))], port)  # on one span, whole and in order
        used = collections.Counter(next(iter(taken)) for taken in spans.values())
        self.assertGreaterEqual(min(used["north-span"], used["south-span"]), FLOWS // 4, used)
        if shutil.which("iperf3"):
            self.tcp_stays_in_order(address)
        self.nothing_was_lost()
        self.stop(process)

    def tcp_stays_in_order(self, address):
        """Flows of TCP on spans of different length: none loses a segment or sees one overtake another."""
        before = self.at_rest() and self.entered()
        server = Process(self, ["exec", "phl0", "--", "iperf3", "-s", "-1", "--forceflush"])
        wait_until(lambda: "Server listening" in server.out(), "iperf3 to listen")
        done = self.inside("ewr0", "iperf3", "-c", address, "-t", "2", "-P", "16", "-b", "10M", "-l", "8K",
                           "-C", "cubic")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.done(server)
        sender, receiver = self.kernel_counters("ewr0"), self.kernel_counters("phl0")
        self.assertEqual(receiver["TCPOFOQueue"], 0)  # segments that came out of order
        # A busy machine lets TCP probe for a lost tail when there is none: what came twice was not lost.
        self.assertEqual(sender["RetransSegs"], receiver["TCPDSACKOldSent"])
        after = self.at_rest() and self.entered()
        for link in ("north-span", "south-span"):
            way = ("newark", "philadelphia", link)
            self.assertGreater(after[way] - before[way], 20, link)

    def test_two_hops_take_the_sum_of_both(self):
        expected = self.predicted("hub-and-spoke")
        process = self.up("hub-and-spoke", "--set", "links.dallas-chicago.reverse.loss=0")
        hosts = self.hosts()
        for spoke, host in (("abilene", "abi0"), ("chicago", "chi0")):
            self.takes(expected["dallas", spoke], "dal0", hosts[host]["address"])
        both = expected["dallas", "abilene"] + expected["dallas", "chicago"]
        self.takes(both, "abi0", hosts["chi0"]["address"])
        self.takes(both, "chi0", hosts["abi0"]["address"])
        self.nothing_was_lost()
        self.stop(process)

    def ring_on(self, lcores):
        expected = self.predicted("three-site-ring")
        process = self.up("three-site-ring", "--lcores", lcores)
        hosts = self.hosts()
        self.takes(expected["ashburn", "atlanta"], "ash0", hosts["atl1"]["address"])
        self.takes(expected["columbus", "atlanta"], "col0", hosts["atl0"]["address"])
        self.assertEqual([str(lcore["cpu"]) for lcore in self.show()["lcores"]], lcores.split(","))
        self.transfer([("ash0", "atl0"), ("atl1", "col0"), ("col1", "ash1")], 20_000_000)
        self.nothing_was_lost()
        self.stop(process)
        self.nothing_is_left()

    def test_a_ring_on_two_lcores(self):
        cpus = sorted(os.sched_getaffinity(0))
        if len(cpus) < 2:
            self.skipTest("there is one CPU")
        self.ring_on(f"{cpus[0]},{cpus[1]}")

    def test_a_ring_on_more_lcores_than_cpus(self):
        cpu = max(os.sched_getaffinity(0))
        self.ring_on(f"{cpu},{cpu}")


class Hosts(Fabric):
    def test_vlans_are_apart_and_trunks_see_their_tags(self):
        process = self.up_file(VLANS)
        hosts = self.hosts()
        for source, vlan, hears in (("a10", (), {"aall": "10 0", "b10": "0 0", "ball": "10 0"}),
                                    ("ball", (20,), {"aall": "20 5", "a20": "0 0", "b20": "0 0"}),
                                    ("aall", (20,), {"a20": "0 0", "b20": "0 0", "ball": "20 5"}),
                                    ("aall", (30,), {"ball": "30 5"}),
                                    ("ball", (), {"aall": "0 0"})):
            with self.subTest(source=source, vlan=vlan):
                before = self.sent_to()
                watched = {host: self.peer(host, "watch", 5) for host in hears}
                self.done(self.peer(source, "frames", EVERYONE, 5, *vlan))
                for host, seen in hears.items():
                    self.assertEqual(self.done(watched[host])[1:], [f"{n} {seen}" for n in range(5)], host)
                grown = {host for host, frames in self.sent_to().items() if frames > before[host]}
                self.assertEqual(grown, set(hears))
        for source, destination, answers in (("a10", "b10", 5), ("b20", "a20", 5), ("a10", "b20", 0), ("a10", "a20", 0),
                                             ("b10", "ball", 0), ("aall", "ball", 5), ("aall", "b10", 0)):
            with self.subTest(source=source, destination=destination):
                self.assertEqual(self.ping(source, hosts[destination]["address"], 5)[0], answers)
        self.nothing_was_lost()
        self.stop(process)

    def test_ports_of_different_kinds_reach_each_other(self):
        process = self.up_file(KINDS)
        hosts = self.hosts()
        self.assertTrue(hosts["packet"]["device"].startswith("net_af_packet"))
        self.assertTrue(hosts["afxdp"]["device"].startswith("net_af_xdp"))
        self.assertTrue(hosts["ours"]["device"].startswith("xdp,"))
        for source, destination in (("packet", "ours"), ("ours", "afxdp"), ("afxdp", "any"), ("packet", "afxdp")):
            with self.subTest(source=source, destination=destination):
                self.assertEqual(self.ping(source, hosts[destination]["address"])[0], 10)
                self.transfer([(source, destination)], 4_000_000)
        self.nothing_was_lost()
        self.stop(process)

    def test_jumbo_frames_pass_our_own_port(self):
        process = self.up_file(KINDS.replace("af_packet", "xdp").replace("af_xdp", "xdp"), "--set", "mtu=9000")
        address = self.hosts()["ours"]["address"]
        self.assertTrue(all(port["device"].startswith("xdp,") for port in self.hosts().values()))
        self.assertEqual(self.ping("packet", address, 5, ("-M", "do", "-s", "8972"))[0], 5)
        sent = self.hosts()["packet"]["rx_frames"]
        self.assertEqual(self.ping("packet", address, 5, ("-M", "do", "-s", "8973"))[0], 0)
        self.assertEqual(self.hosts()["packet"]["rx_frames"], sent)  # the host itself refuses
        self.transfer([("packet", "ours"), ("any", "afxdp")], 20_000_000)
        self.nothing_was_lost()
        self.stop(process)

    def test_frames_for_a_known_external_host_are_not_flooded(self):
        self.make_foreign_namespace("fab-box")
        ip("link", "add", "fab-box", "type", "veth", "peer", "name", "eth0", "netns", "fab-box")
        self.addCleanup(ip, "link", "del", "fab-box", check=False)
        for words in (["-n", "fab-box", "link", "set", "eth0", "address", BOX_MAC, "addrgenmode", "none", "up"],
                      ["-n", "fab-box", "address", "add", "10.71.0.77/24", "dev", "eth0"],
                      ["link", "set", "fab-box", "addrgenmode", "none", "up"]):
            ip(*words)
        process = self.up_file(EXTERNAL)
        for mac, reached in ((BOX_MAC, {"box"}), ("02:4e:00:00:00:08", {"a1", "b0", "box"})):
            with self.subTest(mac=mac):
                before = self.sent_to()
                self.done(self.peer("a0", "frames", mac, 20))
                grown = {host: frames - before[host] for host, frames in (self.at_rest() and self.sent_to()).items()}
                self.assertEqual(grown, {host: 20 if host in reached else 0 for host in grown})
        self.assertEqual(self.ping("a1", "10.71.0.77", 5)[0], 5)
        self.nothing_was_lost()
        self.stop(process)
        self.nothing_is_left()

    def test_what_memory_cannot_hold_is_refused_with_the_arithmetic(self):
        done = self.ask_for_testbed("up", "metro-pair", "--set", "links.metro.reserve={ rate: 400 Gbit/s, delay: 5 s }")
        self.refused(done, 1, "the data plane needs ", " are available", "metro east -> west: 400 Gbit/s x 5 s + ",
                     "smaller reserve")
        self.nothing_is_left()


if __name__ == "__main__":
    tap.main()
