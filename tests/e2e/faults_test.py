# SPDX-License-Identifier: GPL-2.0-only
"""What goes wrong around a testbed: it says what, other links go on undisturbed, and nothing is left behind."""

import csv
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

from harness import PATIENT, SOURCE, EndToEnd, Process, ip, programs, wait_until
import tap

RAW_FRAMES = str(SOURCE / "tests/e2e/raw_frames.py")
CLOCK_STEP = os.environ.get("LONGHAUL_CLOCK_STEP", "")
HUB = ("hub-and-spoke", "--set", "links.dallas-chicago.reverse.loss=0")  # else it may lose an echo
ABI0, CHI0, DAL0 = "10.71.0.3", "10.71.0.4", "02:4c:48:00:00:01"
NOBODY = "02:4e:00:00:00:01"
# A run of a few seconds, of which the first size is soon done.
RUN = ("run", "metro-light", "--set", "workload.sizes=[4 KiB, 1 MiB]", "--set", "workload.iterations=100")
FLOOD = """
import socket, sys, time
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    for _ in range(100):
        try:
            out.sendto(bytes(1400), (sys.argv[1], 9))
        except OSError:
            pass
"""


def in_collectives(process):
    return " 4096 B " in process.err() and len(programs("longhaul-rank")) >= 2


class Faults(EndToEnd):
    def inside(self, host, *words, seconds=60):
        done = self.ask("exec", host, "--", *words, seconds=seconds)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def raw(self, host, kind, destination, count):
        """How many frames of that kind the host's kernel sent."""
        return int(self.inside(host, sys.executable, RAW_FRAMES, kind, destination, str(count)))

    def echoes(self, host, address, count=300):
        """A ping in the background, of so many echoes, 10 ms apart; it has its first answer."""
        ping = Process(self, ["exec", host, "--", "ping", "-i", "0.01", "-c", str(count), address])
        wait_until(lambda: "icmp_seq=" in ping.out() or ping.ended(), "the first echo", 10)
        return ping

    def all_came_back(self, ping):
        self.assertEqual(ping.wait(30), 0, ping.out()[-2000:] + ping.err())
        self.assertRegex(ping.out(), r" 0% packet loss")

    def show(self):
        done = self.ask("show", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def all_conserved(self):
        self.assertTrue(all(direction["conserved"] for direction in self.show()["directions"]))

    def summary(self, directory):
        return json.loads((directory / "summary.json").read_text(encoding="utf-8"))

    def conserved_in(self, summary):
        self.assertTrue(summary["conserved"], summary["directions"])


class Standing(Faults):
    def test_an_interface_is_deleted(self):
        process = self.up("metro-pair")
        ping = self.echoes("east1", "10.71.0.4")
        ip("link", "del", "lh-east0")
        wait_until(lambda: "interface lh-east0 of host east0 was deleted" in process.err(), "a word about it", 10)
        self.assertFalse(ping.ended())
        self.assertRegex(self.ask("show").stdout, r"(?m)^east0 .* its interface was DELETED$")
        self.assertEqual({port["host"]: port["gone"] for port in self.show()["ports"]},
                         {"east0": True, "east1": False, "west0": False, "west1": False})
        self.all_came_back(ping)
        self.assertEqual(len(process.err().splitlines()), 1, process.err())
        self.stop(process)
        self.nothing_is_left()

    def test_a_host_floods_its_link(self):
        process = self.up(*HUB, "--set", "links.dallas-abilene.rate=50 Mbit/s")
        ping = self.echoes("chi0", "10.71.0.2")
        self.inside("abi0", sys.executable, "-c", FLOOD, "10.71.0.1", "1.5")
        self.assertFalse(ping.ended())
        self.all_came_back(ping)
        flooded = [d for d in self.show()["directions"] if (d["link"], d["from"]) == ("dallas-abilene", "abilene")][0]
        self.assertGreater(flooded["dropped"]["queue_full"]["frames"], 1000)
        self.all_conserved()
        self.stop(process)
        self.nothing_is_left()

    def test_a_host_sends_to_everyone(self):
        process = self.up(*HUB)
        ping = self.echoes("chi0", "10.71.0.2")
        sent = self.raw("abi0", "storm", NOBODY, 50_000)
        self.assertFalse(ping.ended())
        self.all_came_back(ping)
        self.assertGreater(sent, 40_000)
        # What its site's switch lets through: a burst of 1,000 and 2,000 a second.
        passed = [d for d in self.show()["directions"] if (d["link"], d["from"]) == ("dallas-abilene", "abilene")][0]
        self.assertGreaterEqual(passed["in"]["frames"], 1_000)
        self.assertLess(passed["in"]["frames"], sent / 2)
        self.all_conserved()
        self.stop(process)
        self.nothing_is_left()

    def test_frames_that_make_no_sense(self):
        process = self.up(*HUB)
        ping = self.echoes("chi0", "10.71.0.2", 600)
        self.assertEqual(self.raw("abi0", "runt", DAL0, 1000), 1000)
        self.raw("abi0", "unknown", NOBODY, 10_000)
        self.assertEqual(self.raw("abi0", "garbage", DAL0, 65_536), 65_536)
        self.assertFalse(ping.ended())
        self.all_came_back(ping)
        self.assertRegex(self.inside("abi0", "ping", "-q", "-i", "0.05", "-c", "5", "10.71.0.1"), r" 0% packet loss")
        self.all_conserved()
        self.stop(process)
        self.nothing_is_left()

    def test_a_host_with_a_larger_mtu(self):
        process = self.up(*HUB)
        ping = self.echoes("chi0", "10.71.0.2")
        self.inside("abi0", "ip", "link", "set", "eth0", "mtu", "9000")
        self.raw("abi0", "giant", DAL0, 1000)
        self.all_came_back(ping)
        losses = [port["losses"] for port in self.show()["ports"] if port["host"] == "abi0"][0]
        self.assertEqual(max(losses.values()), 1000, losses)
        self.assertRegex(self.ask("show").stdout, r"(?m)^abi0 .* \w+ 1000\b")
        self.assertRegex(self.inside("abi0", "ping", "-q", "-i", "0.05", "-c", "5", "10.71.0.1"), r" 0% packet loss")
        self.all_conserved()
        self.stop(process)
        self.nothing_is_left()

    def test_more_memory_than_there_is(self):
        # Somebody else's namespace would be in the way of the first host, if it came to that.
        self.make_foreign_namespace("lh-east0")
        done = self.ask_for_testbed("up", "metro-pair", "--set", "links.metro.buffer=4096 GiB")
        self.refused(done, 1, "the data plane needs", "are available", "GiB of buffer", "smaller buffers")
        self.nothing_is_left()


class Running(Faults):
    def test_an_interface_is_deleted(self):
        out = self.directory / "result"
        process = self.start(*RUN, "--out", str(out), until=in_collectives)
        ip("link", "del", "lh-west1")
        self.assertEqual(process.wait(120), 4, process.err())
        self.assertIn("interface lh-west1 of host west1 was deleted", process.err())
        summary = self.summary(out)
        reasons = summary["judgement"]["reasons"]
        self.assertTrue(reasons[0].startswith("the workload failed: "), reasons)
        self.assertIn("interface lh-west1 of host west1 was deleted while the testbed stood", reasons)
        self.assertEqual([port["host"] for port in summary["ports"] if port["gone"]], ["west1"])
        self.conserved_in(summary)
        self.nothing_is_left()

    def test_a_host_sends_to_everyone(self):
        out = self.directory / "result"
        process = self.start(*RUN, "--set", "workload.ranks=[east0, west0]", "--out", str(out), until=in_collectives)
        sent = self.raw("east1", "storm", NOBODY, 20_000)
        self.assertIn(process.wait(120), (0, 3, 4), process.err())
        summary = self.summary(out)
        self.assertEqual([result["wrong"] for result in summary["collectives"]], [0, 0])
        limited = {switch["site"]: switch["storm_limited"] for switch in summary["switches"]}
        self.assertGreater(limited["east"], sent / 2)
        self.conserved_in(summary)
        self.nothing_is_left()

    def test_the_process_stands_still_for_a_second(self):
        out = self.directory / "result"
        process = self.start(*RUN, "--out", str(out), until=in_collectives)
        process.send(signal.SIGSTOP)
        time.sleep(1)  # is what is tried
        process.send(signal.SIGCONT)
        self.assertIn(process.wait(120), (3, 4), process.err())
        summary = self.summary(out)
        reasons = "\n".join(summary["judgement"]["reasons"])
        still = re.search(r"the data plane stood still for ([\d.]+) ms; its CPU \d+ was taken away for ", reasons)
        self.assertIsNotNone(still, reasons)
        self.assertGreater(float(still[1]), 900)
        self.assertGreater(summary["lcores"][0]["longest_turn_us"], 900_000)
        self.conserved_in(summary)
        self.nothing_is_left()

    def test_the_wall_clock_jumps(self):
        preload = f"LD_PRELOAD={CLOCK_STEP}"
        if not pathlib.Path(CLOCK_STEP).is_file():
            self.skipTest("the library that moves a process's clock was not built")
        jumps = ("import time\nend, first = time.monotonic() + 5, time.time()\n"
                 "while abs(time.time() - first) < 3000: assert time.monotonic() < end")
        self.assertEqual(subprocess.run(["env", preload, sys.executable, "-c", jumps], check=False).returncode, 0)
        out = self.directory / "result"
        done = self.ask_for_testbed(*RUN, *PATIENT, "--out", str(out), prefix=("env", preload))
        self.assertIn(done.returncode, (0, 3), done.stdout[-3000:] + done.stderr)
        summary = self.summary(out)
        self.conserved_in(summary)
        self.assertLess(summary["elapsed_s"], 60)
        for direction in summary["directions"]:
            self.assertEqual(direction["lateness"]["early"], 0)
            self.assertLess(direction["lateness"]["max_ns"], 1e9)
        with open(out / "links.csv", newline="", encoding="utf-8") as file:
            times = [float(row["time_s"]) for row in csv.DictReader(file)]
        self.assertEqual(times, sorted(times))
        self.assertLess(times[-1], summary["elapsed_s"])
        self.nothing_is_left()


class FullDisk(Faults):
    # In a mount namespace of its own: a small file system at $0, filled up to what $1 leaves, then the run; what is
    # there afterwards is copied out.
    SHELL = """
        mount -t tmpfs -o size="$1" none "$0" || exit 99
        kept=$2 filler=$3; shift 3
        head -c "$filler" /dev/zero >"$0/filler"
        "$@"; status=$?
        mkdir -p "$kept"; [ ! -d "$0/result" ] || cp -a "$0/result" "$kept"
        exit $status"""

    def run_on(self, size, filler):
        """A run whose results go to a disk of this size; how it ended, and a copy of what it left."""
        mounted, kept = self.directory / "mounted", self.directory / "kept"
        mounted.mkdir()
        shell = ("unshare", "--mount", "sh", "-c", self.SHELL, str(mounted), size, str(kept), filler)
        out = mounted / "result"
        done = self.ask_for_testbed(*RUN, "--out", str(out), prefix=shell)
        self.assertEqual(done.returncode, 1, done.stdout[-3000:] + done.stderr)
        last = done.stderr.splitlines()[-1]
        self.assertRegex(last, r"\Alonghaul: cannot write .*: No space left on device\Z")
        self.assertEqual(done.stderr.count("cannot write"), last.count("cannot write"))
        self.assertIn("# Out of bounds values : 0 OK", done.stdout)
        self.assertRegex(done.stdout, r"(?m)^VERDICT: (DEGRADED|INVALID)$")
        return done, kept / "result"

    def test_the_disk_is_full_for_the_time_series(self):
        done, kept = self.run_on("128k", "1")
        self.assertEqual(sorted(path.name for path in kept.iterdir()),
                         ["collectives.json", "flows.csv", "manifest.json", "summary.json"])
        summary = self.summary(kept)
        self.assertEqual(len(summary["unwritten"]), 1)
        self.assertIn("links.csv: No space left on device", summary["unwritten"][0])
        self.assertIn(summary["unwritten"][0], summary["judgement"]["reasons"])
        listed = [file["name"] for file in json.loads((kept / "manifest.json").read_text())["files"]]
        self.assertEqual(sorted(listed), ["collectives.json", "flows.csv", "manifest.json", "summary.json"])
        self.assertIn("\nFiles: ", done.stdout)
        self.nothing_is_left()

    def test_the_disk_is_full_for_everything(self):
        done, kept = self.run_on("64k", "65536")
        self.assertFalse(kept.exists())
        self.assertNotIn("\nFiles: ", done.stdout)
        for name in ("links.csv", "flows.csv", "summary.json"):
            self.assertIn(f"{name}: No space left on device", done.stderr.splitlines()[-1])
        self.nothing_is_left()


if __name__ == "__main__":
    tap.main()
