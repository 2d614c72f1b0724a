# SPDX-License-Identifier: GPL-2.0-only
"""What the cases around a standing testbed share: asking it, and traffic over its link."""

import json
import re
import socket

from harness import EndToEnd, STATE, wait_until

TOPOLOGY = "atlanta-mount-pleasant"
ADDRESS = "10.71.0.3"  # mtp0, over the link from atl0


class Connection:
    """The control socket, as a program of somebody else's would speak to it."""

    def __init__(self, case):
        self.socket = socket.socket(socket.AF_UNIX)
        case.addCleanup(self.socket.close)
        self.socket.settimeout(30)
        self.socket.connect(json.loads((STATE / "state.json").read_text())["control_socket"])
        self.file = self.socket.makefile("rwb")
        case.addCleanup(self.file.close)

    def send(self, request):
        self.file.write(json.dumps(request).encode() + b"\n")

    def receive(self):
        self.file.flush()
        return json.loads(self.file.readline())

    def ask(self, request):
        self.send(request)
        return self.receive()


class Live(EndToEnd):
    def inside(self, host, *words, seconds=60):
        return self.ask("exec", host, "--", *words, seconds=seconds)

    def ok(self, *words):
        """Its output."""
        done = self.ask(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return done.stdout

    def show(self, *words):
        return json.loads(self.ok("show", *words, "--json"))

    def direction(self, name):
        return self.show(f"wan:{name}")["directions"][0]

    def echoes(self, count=20):
        """Answers to so many, and the shortest round trip in ms."""
        done = self.inside("atl0", "ping", "-q", "-i", "0.02", "-W", "1", "-c", str(count), ADDRESS)
        shortest = re.search(r"rtt min/avg/max/mdev = ([\d.]+)/", done.stdout)
        return int(re.search(r"(\d+) received", done.stdout)[1]), float(shortest[1]) if shortest else None

    def at_rest(self):
        """Waits until no link holds a frame; what there is to see then."""
        def resting():
            view = self.show()
            return view if all(d["held"]["frames"] == 0 for d in view["directions"]) else None

        return wait_until(resting, "the link to be empty", 10)
