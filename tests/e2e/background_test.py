# SPDX-License-Identifier: GPL-2.0-only
"""Background traffic that ns-3 models beside real hosts: what it leaves of a link, and what is said when it fails."""

import csv
import json
import shutil

import tap
from harness import Process, wait_until
from live import Live

# Of the wire's bytes, what TCP with time stamps carries at an MTU of 1500: 1448 of 1500 + 14 + 24 B.
EFFICIENCY = 1448 / 1538

SCENARIO = """
name: shared
topology:
  name: two-sites
  sites: {{a: {{}}, b: {{}}}}
  hosts: {{a0: {{site: a}}, b0: {{site: b}}}}
  links: {{wan: {{between: [a, b], rate: {rate}, delay: 2 ms, buffer: 500 kB}}}}
workload: {{kind: allreduce, sizes: [64 KiB], warmup: 1, iterations: 20, ranks: [a0, b0]}}
background: [{background}]
{more}
"""


class Background(Live):
    def scenario(self, background, rate="200 Mbit/s", more="trust: {lateness_p99: 50 ms, lateness_invalid: 1 s, shadow_age_p99: 200 ms, shadow_age_invalid: 1 s}"):
        path = self.directory / "shared.yaml"
        path.write_text(SCENARIO.format(background=background, rate=rate, more=more))
        return path

    def goodput(self):
        """Of one TCP flow from a0 to b0 after its first seconds, bit/s."""
        server = Process(self, ["exec", "b0", "--", "iperf3", "-s", "-1", "--forceflush"])
        wait_until(lambda: "Server listening" in server.out(), "iperf3 to listen")
        client = self.inside("a0", "iperf3", "-c", "10.71.0.2", "-t", "6", "-O", "2", "-J")
        self.assertEqual(client.returncode, 0, client.stdout)
        server.wait()
        return json.loads(client.stdout)["end"]["sum_received"]["bits_per_second"]

    def test_leaves_tcp_what_the_closed_form_says(self):
        if shutil.which("iperf3") is None:
            self.skipTest("`iperf3` is not installed")
        process = self.up(str(self.scenario("{name: others, from: a, to: b, kind: poisson, load: 60 %}")))
        forward = self.direction("forward")["background"]
        self.assertAlmostEqual(forward["share_left"], 0.4, delta=0.08)
        self.assertEqual(self.direction("reverse")["background"]["share_left"], 1)
        self.assertIn("leave", self.ok("show", "wan:forward"))
        self.assertEqual(self.direction("forward")["changes"], 0)
        self.ok("set", "wan:reverse", "loss=0")
        self.ok("set", "wan:forward", "loss=0")
        wait_until(lambda: self.direction("forward")["changes"] == 1, "a live change beside the background")
        expected = 0.4 * 200e6 * EFFICIENCY
        seen = self.goodput()
        print(f"# TCP beside 60 % of others: {seen / 1e6:.1f} Mbit/s, {expected / 1e6:.1f} by the closed form")
        self.assertAlmostEqual(seen / expected, 1, delta=0.1)
        self.at_rest()
        self.stop(process)
        self.nothing_is_left()

    def test_a_step_is_in_the_results(self):
        out = self.directory / "out"
        path = self.scenario("{name: others, from: a, to: b, kind: poisson, rate: 20 Mbit/s, "
                             "profile: [{at: 2 s, scale: 8}]}", more=(
                                 "coupling: {slow_down: 1}\n"
                                 "trust: {lateness_p99: 50 ms, lateness_invalid: 1 s, shadow_age_p99: 200 ms, shadow_age_invalid: 1 s}"))
        done = self.ask_for_testbed("run", str(path), "--out", str(out), "--set", "workload.iterations=300")
        self.assertIn(done.returncode, (0, 3), done.stdout + done.stderr)
        self.assertIn("# Background traffic, modelled by ns-3", done.stdout)
        with open(out / "background.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
        self.assertEqual({(row["link"], row["from"], row["to"]) for row in rows}, {("wan", "a", "b")})

        def mean_left(begin, end):
            left = [float(row["share_left"]) for row in rows if begin <= float(row["time_s"]) < end]
            self.assertTrue(left, f"no row between {begin} and {end} s")
            return sum(left) / len(left)

        self.assertAlmostEqual(mean_left(0.5, 1.9), 0.9, delta=0.02)
        self.assertAlmostEqual(mean_left(2.2, 4), 0.2, delta=0.05)
        summary = json.loads((out / "summary.json").read_text())
        self.assertTrue(summary["conserved"])
        (direction,) = summary["background"]["directions"]
        self.assertTrue(direction["conserved"])
        self.assertGreater(direction["frames"]["in"], 1_000)
        self.assertEqual(summary["background"]["slow_down"], 1)
        self.assertGreater(summary["background"]["age"]["count"], 1_000)
        self.nothing_is_left()

    def test_a_model_that_cannot_keep_up_makes_the_run_invalid(self):
        path = self.scenario("{name: others, from: a, to: b, kind: poisson, load: 90 %, packet: 64 B}",
                             rate="400 Gbit/s",
                             more="coupling: {slow_down: 1}\ntrust: {lateness_p99: 1 s, lateness_invalid: 10 s}")
        done = self.ask_for_testbed("run", str(path), "--out", str(self.directory / "out"))
        self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
        self.assertIn("did not keep up with the clock; raise coupling.slow_down", " ".join(done.stdout.split()))
        self.nothing_is_left()


if __name__ == "__main__":
    tap.main(needs_namespaces=True)
