# SPDX-License-Identifier: GPL-2.0-only
"""`longhaul run --mode both`: a scenario emulated, then simulated, and the two held against each other."""

import csv
import json
import shutil
import signal

from harness import PATIENT, QUICK, SOURCE, EndToEnd
import tap

RUN_FILES = {"manifest.json", "summary.json", "collectives.json", "links.csv"}


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


class Both(EndToEnd):
    def setUp(self):
        super().setUp()
        self.out = self.directory / "out"
        if "both" not in self.ask("run", "--help").stdout or \
                "built without" in self.ask("run", "no-such-scenario", "--mode", "both").stderr:
            self.skipTest("built without one of the two modes")

    def check_schema(self, comparison):
        try:
            import jsonschema
        except ImportError:
            return
        schema = read_json(SOURCE / "results/schemas/comparison.schema.json")
        jsonschema.Draft202012Validator(schema).validate(comparison)

    def agrees_with_the_runs(self, comparison):
        """comparison.json says of each run what the run's own summary says."""
        for mode, side in (("emulate", "emulated"), ("simulate", "simulated")):
            summary = read_json(self.out / comparison[mode]["directory"] / "summary.json")
            self.assertEqual(comparison[mode]["judgement"], summary["judgement"])
            self.assertTrue(summary["conserved"])
            self.assertEqual([(c["size_bytes"], c["time_us"]) for c in summary["collectives"]],
                             [(c["size_bytes"], c[side]["time_us"]) for c in comparison["collectives"] if c[side]])
            for ours, theirs in zip(comparison["directions"], summary["directions"], strict=True):
                self.assertEqual([ours[key] for key in ("link", "from", "to")],
                                 [theirs[key] for key in ("link", "from", "to")])
                for key in ("in", "out", "conserved", "queue_peak_bytes"):
                    self.assertEqual(ours[side][key], theirs[key])
                dropped = {cause: tally for cause, tally in theirs["dropped"].items() if tally["frames"]}
                said = {drop.pop("cause"): drop for drop in ours[side]["dropped_by"]}
                self.assertEqual(said, dropped)

    def line_losses(self, mode, direction):
        with open(self.out / mode / "decisions.csv", newline="", encoding="utf-8") as file:
            return [int(row["position"]) for row in csv.DictReader(file, strict=True)
                    if (row["from"], row["to"], row["cause"]) == (direction["from"], direction["to"], "line_loss")]

    def the_line_loses_the_same_frames(self, comparison):
        """Those of the same numbers, as far as both sent any."""
        for direction in comparison["directions"]:
            lost = {mode: self.line_losses(mode, direction) for mode in ("emulate", "simulate")}
            sent = min(direction[side]["out"]["frames"] + len(lost[mode])
                       for mode, side in (("emulate", "emulated"), ("simulate", "simulated")))
            common = {mode: [position for position in lost[mode] if position < sent] for mode in lost}
            self.assertGreater(len(common["emulate"]), 0)
            self.assertEqual(common["emulate"], common["simulate"])

    def test_prints_the_two_side_by_side_and_leaves_both(self):
        done = self.ask_for_testbed("run", "first-light", "--mode", "both", "--out", str(self.out), "--decisions",
                                    "--seed", "7", "--set", "topology.links.wan.loss=1e-3", *QUICK, *PATIENT)
        self.assertIn(done.returncode, (0, 3), done.stdout[-3000:] + done.stderr)
        for part in ("# Emulated beside simulated", "# Links, by direction", "line_loss", "# Emulated\nVERDICT: ",
                     "# Simulated\nVERDICT: VALID\n", "# Both\nVERDICT: ", f"Files: {self.out}\n"):
            self.assertIn(part, done.stdout)
        self.assertEqual({path.name for path in self.out.iterdir()}, {"comparison.json", "emulate", "simulate"})
        for mode in ("emulate", "simulate"):
            names = {path.name for path in (self.out / mode).iterdir()}
            self.assertLessEqual(RUN_FILES | {"decisions.csv"}, names)
            self.assertEqual({file["name"] for file in read_json(self.out / mode / "manifest.json")["files"]}, names)
        comparison = read_json(self.out / "comparison.json")
        self.check_schema(comparison)
        self.agrees_with_the_runs(comparison)
        self.the_line_loses_the_same_frames(comparison)
        self.assertEqual(comparison["judgement"]["verdict"], {0: "VALID", 3: "DEGRADED"}[done.returncode])
        self.assertEqual([c["size_bytes"] for c in comparison["collectives"]], [65536, 1048576])
        self.nothing_is_left()

    def test_small_sizes_take_the_time_that_light_takes_in_both(self):
        """Six round trips of 13.26 ms and little else, so that even a busy machine comes near."""
        done = self.ask_for_testbed("run", "first-light", "--mode", "both", "--out", str(self.out), "--json",
                                    "--set", "workload.sizes=[4 KiB]", "--set", "workload.iterations=10", *PATIENT)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        self.assertEqual(done.stdout, (self.out / "comparison.json").read_text(encoding="utf-8"))
        comparison = json.loads(done.stdout)
        self.check_schema(comparison)
        self.agrees_with_the_runs(comparison)
        result = comparison["collectives"][0]
        self.assertGreater(result["residual_percent"], -10)
        self.assertLess(result["residual_percent"], 100)
        self.assertLess(abs(result["simulated"]["scheduled_residual_percent"]), 10)

    def test_an_interrupt_while_it_emulates_leaves_nothing(self):
        process = self.start("run", "first-light", "--mode", "both", "--out", str(self.out), "--set",
                             "workload.iterations=10000", until=lambda p: "emulate: testbed up" in p.err())
        process.send(signal.SIGINT)
        self.assertEqual(process.wait(), 128 + signal.SIGINT, process.err())
        self.assertFalse(self.out.exists())
        self.assertEqual(process.out(), "")
        self.nothing_is_left()

    def test_an_interrupt_while_it_simulates_leaves_what_was_measured(self):
        process = self.start("run", "first-light", "--mode", "both", "--out", str(self.out), "--set",
                             "workload.sizes=[4 KiB, 16 MiB]", "--set", "workload.warmup=0", "--set",
                             "workload.iterations=12", until=lambda p: "simulate: " in p.err())
        process.send(signal.SIGINT)
        self.assertEqual(process.wait(), 128 + signal.SIGINT, process.err())
        comparison = read_json(self.out / "comparison.json")
        self.check_schema(comparison)
        self.agrees_with_the_runs(comparison)
        self.assertEqual(comparison["judgement"]["verdict"], "INVALID")
        self.assertIn("interrupted at", comparison["simulate"]["judgement"]["reasons"][0])
        self.assertEqual([c["simulated"] is None for c in comparison["collectives"]], [False, True])
        self.assertNotIn(None, [c["emulated"] for c in comparison["collectives"]])
        self.assertIn("# Both\nVERDICT: INVALID\n", process.out())
        self.nothing_is_left()

    def test_what_cannot_be_is_refused_in_one_line(self):
        self.out.mkdir()
        (self.out / "thesis.txt").write_text("years of work\n", encoding="ascii")
        self.refused(self.ask("run", "first-light", "--mode", "both", "--out", str(self.out)), 1, "not empty")
        prefix = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        if shutil.which(prefix[0]) is not None and self.ask("--version", prefix=prefix).returncode == 0:
            out = "/tmp/longhaul-both-of-nobody"
            self.refused(self.ask("run", "first-light", "--mode", "both", "--out", out, prefix=prefix), 1, "root")
            self.assertFalse((self.directory / out).exists())


if __name__ == "__main__":
    tap.main()
