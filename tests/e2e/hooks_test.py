# SPDX-License-Identifier: GPL-2.0-only
"""Ready-made hooks in a run: what they did to real frames, by their own counters and seen from outside."""

import json
import pathlib
import sys

from fabric import Fabric
from harness import LONGHAUL, PATIENT, SOURCE
import tap

EVERYONE = "ff:ff:ff:ff:ff:ff"
REGION = 30


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


class ReadyMade(Fabric):
    def setUp(self):
        super().setUp()
        if not list((pathlib.Path(LONGHAUL).parent.parent / "emulator/hooks/library").glob("*.bpf.o")):
            self.skipTest("longhaul was built without clang, so it has no ready-made hooks")

    def begin(self, scenario, *words):
        """A run, once its testbed stands."""
        return self.start("run", scenario, *PATIENT, *words, "--out", str(self.directory / "result"),
                          until=lambda process: "testbed up" in process.err() + process.out())

    def finished(self, process):
        """Its summary; every sum was right, no frame went missing unaccounted."""
        self.assertEqual(process.wait(120), 0, process.out()[-3000:] + process.err())
        summary = read_json(self.directory / "result/summary.json")
        self.assertTrue(summary["conserved"])
        self.assertEqual([result["wrong"] for result in summary["collectives"]], [0] * len(summary["collectives"]))
        return summary

    def hooks_of(self, summary, link, source):
        """The hooks of a direction, by their place."""
        found = [direction for direction in summary["directions"]
                 if (direction["link"], direction["from"]) == (link, source)]
        self.assertEqual(len(found), 1)
        for hook in found[0]["hooks"]:
            dropped = sum(cause["frames"] for cause in hook["dropped_by_cause"])
            self.assertTrue(hook["conserved"])
            self.assertEqual(hook["met"]["frames"], hook["passed"]["frames"] + dropped)
        return {hook["place"]: hook for hook in found[0]["hooks"]}

    def test_nothing_of_the_region_leaves_it_while_the_rest_flows(self):
        process = self.begin("geo-fence")
        addresses = {host: port["address"] for host, port in self.hosts().items()}
        # Tagged by a host that may; damaged, with every EtherType in turn.
        self.done(self.peer("fra0", "frames", EVERYONE, 20, REGION))
        self.inside("eu0", sys.executable, str(SOURCE / "tests/e2e/raw_frames.py"), "garbage", EVERYONE, "200")
        # With a known address there is no ARP before it: whole packets run against the fence.
        self.inside("eu1", "ip", "neigh", "replace", addresses["spy0"], "lladdr", "02:4e:00:00:00:77", "dev", "eth0")
        self.assertEqual(self.ping("eu1", addresses["spy0"], 5, ["-s", "4000", "-i", "0.2"])[0], 0)
        self.assertEqual(self.ping("eu0", addresses["spy0"], 5, ["-i", "0.2"])[0], 0)
        self.assertEqual(self.ping("eu0", addresses["eu1"], 3)[0], 3, "at home they reach each other")
        self.assertEqual(self.sent_to()["spy0"], 0, "frames came to a host abroad")
        summary = self.finished(process)
        hooks = self.hooks_of(summary, "atlantic", "frankfurt")
        of_the_region, untold = hooks["ingress"]["dropped_by_cause"][:2]
        self.assertGreaterEqual(of_the_region["frames"], 5 + 20 + 100)
        self.assertGreater(of_the_region["bytes"], 5 * 4000)
        self.assertEqual(untold["frames"], 0)
        came, leaked, came_untold = hooks["egress"]["counted"][:3]
        self.assertEqual((leaked, came_untold), (0, 0))
        self.assertEqual(came, hooks["ingress"]["passed"]["frames"])
        self.assertGreater(came, 100)
        self.assertEqual(self.hooks_of(summary, "atlantic", "ashburn"), {})
        self.nothing_is_left()

    def test_without_the_fence_the_region_gets_out(self):
        """The same tries without the fence: they are what would cross."""
        process = self.begin("geo-fence", "--set", "topology.links.atlantic.forward.hooks=[pass]")
        addresses = {host: port["address"] for host, port in self.hosts().items()}
        self.assertEqual(self.ping("eu0", addresses["spy0"], 3, ["-i", "0.2"])[0], 3)
        self.finished(process)

    def test_one_segment_is_lost_and_comes_again(self):
        summary = self.finished(self.begin("drop-segment"))
        hooks = self.hooks_of(summary, "wan", "atlanta")
        self.assertEqual(list(hooks), ["ingress"])
        dropped = [cause["frames"] for cause in hooks["ingress"]["dropped_by_cause"]]
        self.assertEqual(dropped, [1] + [0] * 15)
        segments, came_again, not_followed = hooks["ingress"]["counted"][:3]
        self.assertGreater(segments, 2500)
        self.assertEqual((came_again, not_followed), (1, 0))
        self.nothing_is_left()

    def test_a_retransmit_is_lost_too(self):
        hook = "{ program: drop_segment, at: ingress, parameters: { nth: 500, retransmits: 1 } }"
        summary = self.finished(self.begin("drop-segment", "--set", f"topology.links.wan.forward.hooks=[{hook}]",
                                           "--set", "workload.iterations=3"))
        ingress = self.hooks_of(summary, "wan", "atlanta")["ingress"]
        self.assertEqual([cause["frames"] for cause in ingress["dropped_by_cause"][:3]], [1, 1, 0])
        self.assertEqual(ingress["counted"][1], 2)


if __name__ == "__main__":
    tap.main()
