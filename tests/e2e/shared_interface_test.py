# SPDX-License-Identifier: GPL-2.0-only
"""An interface that the testbed shares with the machine's own traffic: what `steer` names crosses the emulated link,
and a session of the kernel's stack goes on before, while and after the testbed stands.

One namespace stands for the machine that has longhaul, another for the one at the other end of its only cable.
"""

import json
import re
import signal
import subprocess
import sys

from fabric import ALLOWANCE_MS, PEER, Fabric
from harness import SOURCE, Process, ip, wait_until
import tap

SESSION = str(SOURCE / "tests/e2e/session.py")
TOPOLOGY = "shared-interface"
MACHINE, BOX = "shr-machine", "shr-box"
INTERFACES = {MACHINE: "uplink", BOX: "eth0"}
ADDRESSES = {MACHINE: "198.51.100.1", BOX: "198.51.100.2"}  # of the kernels: RFC 5737
BOX_IN_TESTBED, FAR = "10.71.0.1", "10.71.0.2"
SHELL, STEERED, OTHER = 2222, 5205, 6000
UDP, TCP, ARP, NO_MATCH = "taken udp 5201-5210", "taken tcp 5201-5210", "taken arp 10.71.0.0/24", "passed no_match"
DATAGRAMS = """
import socket, sys
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(int(sys.argv[3])):
    out.sendto(bytes(64), (sys.argv[1], int(sys.argv[2])))
"""


def entered(name, *words):
    return ["ip", "netns", "exec", name, *map(str, words)]


class Background:
    """A Python program in a namespace of the test's; what it prints can be read at any time."""

    def __init__(self, case, name, *words):
        self.path = case.directory / f"{name}-{len(list(case.directory.iterdir()))}.out"
        with open(self.path, "wb") as out:
            self.child = subprocess.Popen(entered(name, sys.executable, *words), stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=subprocess.STDOUT)
        case.addCleanup(self.child.wait, 30)
        case.addCleanup(self.child.kill)
        wait_until(self.out, f"{words} to begin")

    def out(self):
        return self.path.read_text(encoding="utf-8")

    def trips(self):
        """Of each message so far its number and its round trip in ms."""
        return [(int(number), float(ms)) for number, ms in re.findall(r"(?m)^(\d+) ([\d.e-]+)\n", self.out())]


class SharedInterface(Fabric):
    def setUp(self):
        super().setUp()
        for name in INTERFACES:
            self.make_foreign_namespace(name)
        queues = ("numtxqueues", "1", "numrxqueues", "1")
        ip("-n", MACHINE, "link", "add", "uplink", *queues, "type", "veth", "peer", "name", "eth0", "netns", BOX, *queues)
        ip("-n", BOX, "address", "add", f"{BOX_IN_TESTBED}/24", "dev", "eth0")
        for name, interface in INTERFACES.items():
            ip("-n", name, "address", "add", f"{ADDRESSES[name]}/24", "dev", interface)
            ip("-n", name, "link", "set", interface, "addrgenmode", "none", "up")
        self.run_in(BOX, "ethtool", "-K", "eth0", "tx", "off")  # a card puts checksums in, veth leaves them out
        self.answering = Background(self, BOX, SESSION, "answer", SHELL)
        self.shell = Background(self, MACHINE, SESSION, "talk", ADDRESSES[BOX], SHELL)

    def run_in(self, name, *words):
        return subprocess.run(entered(name, *words), check=True, capture_output=True, text=True, timeout=60).stdout

    def stand_up(self):
        return self.up(TOPOLOGY, prefix=("nsenter", f"--net=/run/netns/{MACHINE}"))

    def session_goes_on(self):
        """A hundred more messages are answered by the other kernel, each as it was sent."""
        before = len(self.shell.trips())

        def answered():
            self.assertIsNone(self.shell.child.poll(), self.shell.out()[-300:])
            return len(self.shell.trips()) >= before + 100

        wait_until(answered, "the session to go on")

    def session_was_whole(self):
        self.shell.child.terminate()
        self.assertEqual((self.shell.child.wait(30), self.answering.child.wait(30)), (0, 0), self.shell.out()[-300:])
        numbers = [number for number, _ in self.shell.trips()]
        self.assertEqual(numbers, list(range(len(numbers))))
        self.assertEqual(self.answering.out(), f"listening\n{len(numbers)}\n")

    def kernel_has_it_all(self):
        """No program is on the interface, and frames that it would take reach the kernel."""
        self.assertNotIn("xdp", self.uplink())
        before = self.refused_datagrams()
        self.datagrams(ADDRESSES[MACHINE], STEERED, 20)
        wait_until(lambda: self.refused_datagrams() == before + 20, "datagrams for the kernel")

    def uplink(self):
        return json.loads(ip("-n", MACHINE, "-s", "-d", "-j", "link", "show", "uplink"))[0]

    def counted(self):
        """Frames by what the filter did, those that came in, and those that the data plane took."""
        port = self.hosts()["box"]
        return port["steering"], self.uplink()["stats64"]["rx"]["packets"], port["rx_frames"]

    def datagrams(self, address, port, count):
        self.run_in(BOX, sys.executable, "-c", DATAGRAMS, address, port, count)

    def refused_datagrams(self):
        """That reached the machine's kernel, which has nobody for them."""
        lines = [line.split() for line in self.run_in(MACHINE, "cat", "/proc/net/snmp").splitlines()]
        names, values = (line for line in lines if line[0] == "Udp:")
        return int(values[names.index("NoPorts")])

    def far_end(self, program, *words):
        process = Process(self, ["exec", "far0", "--", sys.executable, program, *map(str, words)])
        wait_until(lambda: process.out() or process.ended(), f"far0 to {words[0]}", 20)
        return process

    def test_a_session_survives_while_a_range_of_ports_crosses_the_link(self):
        self.session_goes_on()
        rtt = next(iter(self.predicted(TOPOLOGY).values()))
        testbed = self.stand_up()
        self.session_goes_on()
        far = self.far_end(SESSION, "answer", STEERED)
        steered = Background(self, BOX, SESSION, "talk", FAR, STEERED, 50)
        self.assertEqual(steered.child.wait(60), 0, steered.out())
        self.assertEqual(self.done(far), ["listening", "50"])
        shortest = min(ms for _, ms in steered.trips())
        self.assertGreaterEqual(shortest, rtt - 0.001)  # check prints whole microseconds
        self.assertLessEqual(shortest, rtt + ALLOWANCE_MS)
        self.assertLess(min(ms for _, ms in self.shell.trips()), rtt / 2)

        far = self.far_end(PEER, "receive", STEERED)
        digest = self.run_in(BOX, sys.executable, PEER, "send", FAR, STEERED, 20_000_000).strip()
        self.assertEqual(self.done(far)[-1], f"20000000 {digest}")
        self.session_goes_on()
        self.nothing_was_lost()
        self.stop(testbed)
        self.session_goes_on()
        self.kernel_has_it_all()
        self.session_was_whole()
        self.nothing_is_left()

    def test_every_frame_is_counted_once(self):
        machines = {name: json.loads(ip("-n", name, "-j", "link", "show", interface))[0]["address"]
                    for name, interface in INTERFACES.items()}
        for name, other in ((MACHINE, BOX), (BOX, MACHINE)):  # no ARP of the kernels comes between
            ip("-n", name, "neigh", "replace", ADDRESSES[other], "lladdr", machines[other], "nud", "permanent", "dev",
               INTERFACES[name])
        testbed = self.stand_up()
        self.datagrams(FAR, STEERED, 1)  # asks for the address
        wait_until(lambda: self.hosts()["box"]["steering"][UDP] == 1, "the first datagram")
        self.session_goes_on()
        self.shell.child.send_signal(signal.SIGSTOP)

        def at_rest():
            first, second = self.counted(), self.counted()
            return first == second and second

        steering, came, taken = wait_until(at_rest, "the session to pause")
        self.assertEqual(set(steering), {UDP, TCP, ARP, NO_MATCH, "passed malformed", "passed fragment",
                                         "passed no_socket"})
        self.assertEqual(sum(frames for name, frames in steering.items() if name.startswith("taken")), taken)
        self.assertGreaterEqual(steering[NO_MATCH], 100)  # one for each message at least
        refused, expected = self.refused_datagrams(), dict(steering)
        self.datagrams(FAR, STEERED, 300)
        self.datagrams(ADDRESSES[MACHINE], OTHER, 200)
        expected[UDP] += 300
        expected[NO_MATCH] += 200
        wait_until(lambda: self.counted()[1] >= came + 500 and at_rest(), "the datagrams")
        self.assertEqual(self.counted(), (expected, came + 500, taken + 300))
        self.assertEqual(self.refused_datagrams(), refused + 200)
        self.shell.child.send_signal(signal.SIGCONT)
        self.session_goes_on()
        self.nothing_was_lost()
        self.stop(testbed)
        self.session_was_whole()

    def test_a_session_survives_a_testbed_that_is_killed(self):
        testbed = self.stand_up()
        self.session_goes_on()
        testbed.send(signal.SIGKILL)
        testbed.wait()
        wait_until(lambda: "xdp" not in self.uplink(), "the program to be gone")
        self.session_goes_on()
        self.kernel_has_it_all()
        self.session_was_whole()
        self.ask("clean", prefix=("nsenter", f"--net=/run/netns/{MACHINE}"))
        self.nothing_is_left()


if __name__ == "__main__":
    tap.main()
