# SPDX-License-Identifier: GPL-2.0-only
"""The probes at the hosts in `longhaul run`: that they agree with the emulator and with TCP, and that they go."""

import csv
import json
import os
import pathlib
import shutil
import signal
import subprocess

from harness import EndToEnd, programs, wait_until
import tap

# Ethernet, IPv4 and TCP with timestamps and three SACK blocks: what is longer carries data.
LONGEST_WITHOUT_DATA = 14 + 20 + 20 + 12 + 28


def bpftool(*words):
    tool = shutil.which("bpftool", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    done = subprocess.run([tool, "-j", *words], capture_output=True, text=True, timeout=30, check=False)
    return json.loads(done.stdout or "[]")


def links_of(process):
    """The BPF links that a process holds; others on the machine may have probes too."""
    held = set()
    for path in pathlib.Path(f"/proc/{process.pid}/fdinfo").glob("*"):
        try:
            held |= {int(line.split()[1]) for line in path.read_text().splitlines() if line.startswith("link_id:")}
        except OSError:  # closed meanwhile
            continue
    return held


def living(links):
    return links & {link["id"] for link in bpftool("link", "list")}


def pinned():
    return [str(path) for path in pathlib.Path("/sys/fs/bpf").rglob("*") if "probe" in path.name]


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


class Probes(EndToEnd):
    def run_scenario(self, *words):
        out = self.directory / "result"
        done = self.ask_for_testbed("run", "first-light", *words, "--out", str(out))
        self.assertIn(done.returncode, (0, 3, 4), done.stdout[-3000:] + done.stderr)
        return out, json.loads((out / "summary.json").read_text(encoding="utf-8")), done

    def probed_run(self, *words):
        out, summary, done = self.run_scenario(*words)
        if summary["host_probes"]["why_not"]:
            self.skipTest(summary["host_probes"]["why_not"])
        return out, summary, done

    def test_losses_are_the_same_for_all_who_count_them(self):
        out, summary, _ = self.probed_run("--set", "topology.links.wan.loss=1e-2", "--set", "workload.sizes=[1 MiB]",
                                          "--set", "workload.iterations=10", "--decisions")
        probes = summary["host_probes"]
        self.assertEqual(set(probes["lost"].values()), {0})
        # What left the hosts and did not come to one, the emulator dropped; but for questions by ARP, each a frame of
        # 42 bytes and of no flow.
        dropped = [int(row["bytes"]) for row in rows_of(out / "decisions.csv") if row["what"] == "dropped"]
        flows = rows_of(out / "flows.csv")
        frames = {way: sum(int(row["frames"]) for row in flows if row["direction"] == way)
                  for way in ("sent", "received")}
        self.assertEqual(frames["sent"] - frames["received"], sum(size > 60 for size in dropped))
        # TCP sends each segment of them again, and now and then one too many.
        data = sum(size > LONGEST_WITHOUT_DATA for size in dropped)
        self.assertGreater(data, 10)
        resent = 0
        for host in probes["hosts"]:
            counted = host["retransmitted_segments"]
            self.assertEqual(counted["sock_ops"], counted["tcp"], host)
            self.assertLessEqual(counted["tracepoint"], counted["tcp"], host)
            self.assertGreaterEqual(counted["tracepoint"], counted["tcp"] - max(3, counted["tcp"] // 20), host)
            resent += counted["tcp"]
        self.assertGreaterEqual(resent, data)
        self.assertLessEqual(resent, 3 * data + 20)
        self.assertEqual(sum(int(row["retransmitted_segments"] or 0) for row in flows), resent)

    def test_the_path_takes_as_long_as_its_links_and_carries_what_the_collective_sends(self):
        _, summary, done = self.probed_run("--set", "workload.sizes=[1 MiB]", "--set", "workload.iterations=20")
        delays = summary["host_probes"]["one_way_delays"]
        between = [delay for delay in delays if delay["expected_ns"] > 0]
        self.assertGreater(len(between), 1)
        for delay in delays:
            self.assertGreaterEqual(delay["residual_ns"], 0, delay)
            self.assertLessEqual(delay["min_ns"], delay["p50_ns"] * 33 // 32)
        # 1,353 km at 4.9 us/km.
        self.assertAlmostEqual(between[0]["expected_ns"], 6.63e6, delta=0.01e6)
        traffic = summary["collectives"][0]["traffic"]
        # A ring of four sends 2 x 3/4 of the size over each edge, and two edges cross the link.
        self.assertAlmostEqual(traffic["wan_bytes_per_iteration"] / (2 * 1.5 * 2**20), 1, delta=0.06)
        self.assertEqual(len(traffic["flows"]), 2)
        self.assertGreater(traffic["jain_index"], 0.9)
        self.assertGreaterEqual(traffic["rtt_p50_us"], 13_260)
        self.assertIn("# One-way delay from host to host", done.stdout)

    def test_without_probes_the_run_goes_on_and_says_so(self):
        out, summary, done = self.run_scenario("--set", "probes=off", "--set", "workload.sizes=[64 KiB]",
                                               "--set", "workload.iterations=2")
        line = "no host probes: the scenario has them off (probes)"
        self.assertEqual(summary["host_probes"]["why_not"], line)
        self.assertIn(line, done.stderr.splitlines())
        self.assertIn(f"# {line}\n", done.stdout)
        self.assertIsNone(summary["collectives"][0]["traffic"])
        self.assertFalse((out / "flows.csv").exists())

    def attached_run(self, name):
        """A run that has its probes, and what they are attached by: four hosts twice, the tracepoint and sock_ops."""
        probed = 2 * 4 + 2
        process = self.start("run", "first-light", "--set", "workload.sizes=[1 MiB]", "--out",
                             str(self.directory / name),
                             until=lambda p: len(links_of(p)) >= probed or "no host probes" in p.err())
        if "no host probes" in process.err():
            self.skipTest(process.err())
        links = links_of(process)
        self.assertEqual(len(living(links)), len(links))
        return process, links

    def test_nothing_stays_attached_after_a_run(self):
        process, links = self.attached_run("whole")
        self.assertIn(process.wait(120), (0, 3, 4), process.err())
        wait_until(lambda: not living(links), "the probes to be gone", 10)
        self.assertEqual(pinned(), [])

    def test_nothing_stays_attached_after_a_kill(self):
        process, links = self.attached_run("killed")
        self.addCleanup(self.ask, "clean")
        process.send(signal.SIGKILL)
        process.wait()
        wait_until(lambda: not living(links), "the probes to be gone", 10)
        wait_until(lambda: not programs("longhaul-rank"), "the ranks to go with their run", 10)
        done = self.ask("clean")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(pinned(), [])
        self.nothing_is_left()


if __name__ == "__main__":
    tap.main()
