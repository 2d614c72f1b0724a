# SPDX-License-Identifier: GPL-2.0-only
"""Real frames that cross links in ns-3: their delay, their fates, and what is written of them."""

import json
import re
import shutil
import subprocess

import tap
from harness import Process, wait_until
from live import Live

SCENARIO = """
name: through-ns3
topology:
  name: two-hops
  sites: {{a: {{}}, m: {{}}, b: {{}}}}
  hosts: {{a0: {{site: a}}, b0: {{site: b}}}}
  links:
    one: {{between: [a, m], rate: 1 Gbit/s, delay: 2.5 ms, buffer: 2 MB{one}}}
    two: {{between: [m, b], rate: 1 Gbit/s, delay: 2.5 ms, buffer: 2 MB}}
workload: {{kind: allreduce, sizes: [64 KiB], warmup: 1, iterations: 5, ranks: [a0, b0]}}
background: [{background}]
coupling: {{inline: [one, two], pcap: {pcap}}}
trust: {{lateness_p99: 100 ms, lateness_invalid: 2 s}}
"""
B0 = "10.71.0.2"


class Inline(Live):
    def scenario(self, one="", background="", pcap="false"):
        path = self.directory / "through.yaml"
        path.write_text(SCENARIO.format(one=one, background=background, pcap=pcap))
        return str(path)

    def directions(self):
        return {(d["link"], d["direction"]): d for d in self.show()["directions"]}

    def test_ping_and_tcp_cross_two_links(self):
        process = self.up(self.scenario(background="{name: others, from: a, to: b, kind: poisson, load: 5 %}"))
        ping = self.inside("a0", "ping", "-q", "-i", "0.02", "-W", "2", "-c", "50", B0)
        self.assertIn("50 received", ping.stdout)
        shortest = float(re.search(r"rtt min/avg/max/mdev = ([\d.]+)/", ping.stdout)[1])
        print(f"# RTT of 10 ms through ns-3: {shortest:.3f} ms")
        self.assertGreaterEqual(shortest, 10.0)
        self.assertLess(shortest, 20)
        if shutil.which("iperf3") is not None:
            server = Process(self, ["exec", "b0", "--", "iperf3", "-s", "-1", "--forceflush"])
            wait_until(lambda: "Server listening" in server.out(), "iperf3 to listen")
            client = self.inside("a0", "iperf3", "-c", B0, "-n", "20M", "-J")
            self.assertEqual(client.returncode, 0, client.stdout)
            server.wait()
        seen = self.directions()
        self.assertTrue(all(d["conserved"] for d in seen.values()), seen)
        self.assertGreater(seen["one", "forward"]["in"]["frames"], 5_000)  # the background among them
        self.stop(process)
        self.nothing_is_left()

    def test_loses_what_the_link_model_loses(self):
        process = self.up(self.scenario(one=", loss: {every: 10}"))
        ping = self.inside("a0", "ping", "-q", "-i", "0.01", "-W", "1", "-c", "100", B0)
        received = int(re.search(r"(\d+) received", ping.stdout)[1])
        lost = {key: d["dropped"]["line_loss"]["frames"] for key, d in self.directions().items()}
        self.assertGreater(lost["one", "forward"], 5)
        self.assertGreater(lost["one", "reverse"], 5)
        self.assertEqual((lost["two", "forward"], lost["two", "reverse"]), (0, 0))
        self.assertLess(received, 95)
        self.at_rest()
        self.stop(process)

    def test_a_run_says_what_crossed_and_writes_it(self):
        out = self.directory / "out"
        done = self.ask_for_testbed("run", self.scenario(
            background="{name: others, from: a, to: b, kind: poisson, load: 1 %}", pcap="true"), "--out", str(out))
        self.assertIn(done.returncode, (0, 3), done.stdout + done.stderr)
        self.assertIn("# Links that real frames crossed in ns-3: one, two", done.stdout)
        summary = json.loads((out / "summary.json").read_text())
        self.assertTrue(summary["conserved"])
        crossed = summary["inline"]
        self.assertEqual(crossed["links"], ["one", "two"])
        self.assertGreater(crossed["entered"], 100)
        self.assertEqual(crossed["entered"], crossed["delivered"] + crossed["gone"])
        self.assertGreater(crossed["background"], 100)
        files = sorted(path.name for path in (out / "ns3").iterdir())
        self.assertEqual(files, ["one-forward.pcap", "one-reverse.pcap", "two-forward.pcap", "two-reverse.pcap"])
        if shutil.which("tcpdump") is not None:
            read = subprocess.run(["tcpdump", "-nr", str(out / "ns3" / "two-forward.pcap")], capture_output=True,
                                  text=True, timeout=60, check=True)
            self.assertIn("10.71.0.1.", read.stdout)
        self.nothing_is_left()

    def test_says_what_cannot_be_inline(self):
        path = self.scenario(background="{name: others, from: a, to: b, kind: poisson, load: 5 %}")
        self.refused(self.ask("run", path, "--set", "coupling.inline=[one, tow]"), 2, "tow", "did you mean 'two'")
        self.refused(self.ask("run", path, "--set", "coupling.inline=[one]"), 2, "others", "one", "two", "allowed")
        self.refused(self.ask("run", path, "--set", "coupling.hold=1 s"), 2, "coupling.hold", "allowed: 0 s to 100 ms")


if __name__ == "__main__":
    tap.main()
