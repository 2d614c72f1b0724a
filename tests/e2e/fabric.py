# SPDX-License-Identifier: GPL-2.0-only
"""What the cases about the fabric between sites share: hosts that do something, and what the testbed counted of it."""

import re
import struct
import sys

from harness import SOURCE, Process, wait_until
from live import Live

PEER = str(SOURCE / "tests/e2e/peer.py")
ALLOWANCE_MS = 3  # that hosts and the emulator's own polling may add to a round trip


def outgoing_frames(path):
    """Of a capture: the frames in the order in which they left the link."""
    data, at, names = path.read_bytes(), 0, []
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        if kind == 1:  # interface description, with its name among the options
            names.append(bytes(data[at + 16:at + length]))
        elif kind == 6:
            number, _, _, captured = struct.unpack_from("=IIII", data, at + 8)
            if b"release" in names[number]:
                yield data[at + 28:at + 28 + captured]
        at += length


class Fabric(Live):
    def up_file(self, text, *words):
        path = self.directory / "topology.yaml"
        path.write_text(text)
        return self.up(str(path), *words)

    def hosts(self):
        return {port["host"]: port for port in self.status()["ports"]}

    def sent_to(self):
        """Frames that the data plane sent to each host."""
        return {host: port["tx_frames"] for host, port in self.hosts().items()}

    def entered(self):
        return {(d["from"], d["to"], d["link"]): d["in"]["frames"] for d in self.status()["directions"]}

    def peer(self, host, *words):
        """peer.py in the background, once it has said its first word."""
        process = Process(self, ["exec", host, "--", sys.executable, PEER, *map(str, words)])
        if words[0] in ("receive", "watch"):
            wait_until(lambda: process.out() or process.ended(), f"{host} to {words[0]}", 20)
        return process

    def done(self, process, seconds=60):
        self.assertEqual(process.wait(seconds), 0, process.out() + process.err())
        return process.out().splitlines()

    def ping(self, source, address, count=10, options=()):
        """Answers, and the shortest round trip in ms."""
        done = self.inside(source, "ping", "-q", "-i", "0.02", "-W", "1", "-c", str(count), *options, address)
        shortest = re.search(r"rtt min/avg/max/mdev = ([\d.]+)/", done.stdout)
        return int(re.search(r"(\d+) received", done.stdout)[1]), float(shortest[1]) if shortest else None

    def takes(self, expected_ms, source, address):
        """Never early; some of up to fifty echoes come within the allowance."""
        seen = []

        def close():
            seen.append(self.ping(source, address)[1])
            self.assertIsNotNone(seen[-1], f"no answer from {address}")
            self.assertGreaterEqual(seen[-1], expected_ms - 0.001)  # check prints whole microseconds
            return seen[-1] <= expected_ms + ALLOWANCE_MS or len(seen) == 5

        wait_until(close, "echoes")
        self.assertLessEqual(min(seen), expected_ms + ALLOWANCE_MS, seen)

    def predicted(self, topology):
        """The round trip of propagation over each link in ms, by the two sites in either order."""
        found = {}
        table = re.search(r"# link +direction +RTT \(ms\).*\n((?:# \S+ +\S+ -> \S+ +[\d.]+ .*\n)+)",
                          self.ok("check", topology))[1]
        for a, b, rtt in re.findall(r"(?m)^# \S+ +(\S+) -> (\S+) +([\d.]+) ", table):
            found[a, b] = float(rtt)
        return found

    def transfer(self, pairs, count):
        """As many bytes over TCP between each two hosts at once; all of them arrive as they were sent."""
        addresses = {host: port["address"] for host, port in self.hosts().items()}
        running = []
        for i, (source, destination) in enumerate(pairs):
            server = self.peer(destination, "receive", 7000 + i)
            running.append((server, self.peer(source, "send", addresses[destination], 7000 + i, count)))
        for server, client in running:
            self.assertEqual(self.done(server)[-1], f"{count} {self.done(client)[-1]}")

    def nothing_was_lost(self):
        """By the emulator; and each frame on a link is accounted for."""
        view = self.at_rest()
        self.assertEqual(view["emulator_losses"], 0, [port["losses"] for port in view["ports"]])
        for d in self.status()["directions"]:
            for unit in ("frames", "bytes"):
                dropped = sum(cause[unit] for name, cause in d["dropped"].items() if name != "hook")
                self.assertEqual(d["in"][unit], d["out"][unit] + dropped + d["held"][unit], d)
            self.assertEqual((d["conserved"], d["store_full"], d["handover_full"]), (True, 0, 0), d)

    def kernel_counters(self, host):
        """Of its TCP: RetransSegs and what /proc/net/netstat has."""
        found = {}
        for file in ("snmp", "netstat"):
            lines = [line.split() for line in self.inside(host, "cat", f"/proc/net/{file}").stdout.splitlines()]
            for names, values in zip(lines[::2], lines[1::2]):
                found.update(zip(names[1:], map(int, values[1:])) if names[0].startswith("Tcp") else ())
        return found
