# SPDX-License-Identifier: GPL-2.0-only
"""`longhaul run --mode simulate`: a scenario in ns-3's virtual time. Needs no privilege and no testbed."""

import csv
import json
import signal

from harness import SOURCE, EndToEnd, wait_until, Process
import tap

SMALL = ["--set", "workload.sizes=[4 KiB, 1 MiB]", "--set", "workload.iterations=2"]
FILES = {"manifest.json", "summary.json", "collectives.json", "links.csv"}


class Simulate(EndToEnd):
    def setUp(self):
        super().setUp()
        self.out = self.directory / "out"

    def simulate(self, *words, scenario="first-light"):
        done = self.ask("run", scenario, "--mode", "simulate", "--out", str(self.out), *words)
        if "built without ns-3" in done.stderr:
            self.refused(done, 1, "libns3-dev")
            self.skipTest("built without ns-3, which it says in one line")
        return done

    def read(self, name):
        return json.loads((self.out / name).read_text(encoding="utf-8"))

    def files(self):
        return {path.name: path.read_bytes() for path in self.out.iterdir()}

    def files_keep_their_schemas(self, expected=FILES):
        self.assertEqual(set(self.files()), expected)
        try:
            import jsonschema
        except ImportError:
            return
        for name in (path.stem for path in self.out.glob("*.json")):
            schema = json.loads((SOURCE / f"results/schemas/{name}.schema.json").read_text(encoding="utf-8"))
            jsonschema.Draft202012Validator(schema).validate(self.read(f"{name}.json"))

    def test_leaves_the_files_and_tables_of_a_run(self):
        done = self.simulate(*SMALL)
        self.assertEqual(done.returncode, 0, done.stderr)
        for part in ("# Collective test: AllReduce ring, 4 ranks", "Gloo's schedule", "# Links, by direction",
                     "VERDICT: VALID", f"Files: {self.out}"):
            self.assertIn(part, done.stdout)
        for part in ("lateness", "Lcores", "Ports of the data plane"):
            self.assertNotIn(part, done.stdout)
        self.files_keep_their_schemas()
        summary = self.read("summary.json")
        self.assertEqual([c["size_bytes"] for c in summary["collectives"]], [4096, 1048576])
        for collective in summary["collectives"]:
            self.assertLess(abs(collective["scheduled_residual_percent"]), 10)
        with open(self.out / "links.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
        last = {(row["from"], row["to"]): row for row in rows}
        for direction in summary["directions"]:
            row = last[direction["from"], direction["to"]]
            self.assertEqual(int(row["frames_out"]), direction["out"]["frames"])
        self.assertEqual(float(rows[-1]["time_s"]), summary["elapsed_s"])

    def test_gives_the_same_bytes_twice(self):
        lossy = [*SMALL, "--decisions", "--set", "topology.links.wan.loss=1e-3", "--seed", "7"]
        first = self.simulate(*lossy)
        files = self.files()
        self.out.rename(self.directory / "first")
        second = self.simulate(*lossy)
        self.assertEqual((first.returncode, first.stdout), (second.returncode, second.stdout))
        self.assertEqual(files, self.files())
        lost = sum(d["dropped"]["line_loss"]["frames"] for d in self.read("summary.json")["directions"])
        self.assertGreater(lost, 0)
        self.assertEqual(self.read("summary.json")["decisions"], {"written": lost, "lost": 0})
        self.assertEqual(files["decisions.csv"].count(b"line_loss"), lost)
        self.assertIn(f"# Decisions in decisions.csv: {lost}, missing: 0", first.stdout)

    def test_runs_other_collectives(self):
        done = self.simulate(*SMALL, "--set", "workload.kind=broadcast", "--set", "workload.algorithm=tree")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("# Collective test: Broadcast tree, 4 ranks", done.stdout)
        self.files_keep_their_schemas()
        for result in self.read("collectives.json")["results"]:
            self.assertEqual((result["redop"], result["root"].strip()), ("none", "0"))
            self.assertEqual(result["out_of_place"]["alg_bw"], result["out_of_place"]["bus_bw"])

    def test_runs_flows(self):
        scenario = str(SOURCE / "tests/scenarios/good/flows.yaml")
        done = self.simulate("--set", "topology.links.wan.loss=1e-3", scenario=scenario)
        self.assertEqual(done.returncode, 0, done.stderr)
        for part in ("# Flows (P50", "# TCP flows: 4 of 4 complete, slowdown P50", "all 8 flows are over"):
            self.assertIn(part, done.stdout)
        for part in ("Collective test", "Predictions"):
            self.assertNotIn(part, done.stdout)
        self.files_keep_their_schemas(FILES - {"collectives.json"} | {"workload_flows.json"})
        flows = self.read("workload_flows.json")["flows"]
        lost = sum(f["frames"]["lost"]["frames"] for f in flows if f["frames"])
        dropped = sum(d["dropped"]["line_loss"]["frames"] for d in self.read("summary.json")["directions"])
        self.assertTrue(0 < lost <= dropped, (lost, dropped))  # TCP lost the others

    def test_what_only_simulated_hosts_do_is_not_emulated(self):
        self.simulate(*SMALL)  # or it is skipped
        all_to_all = ["--set", "workload.kind=all_to_all", "--set", "workload.algorithm=pairwise"]
        for words in (["first-light", *all_to_all], [str(SOURCE / "tests/scenarios/good/flows.yaml")]):
            self.refused(self.ask("run", *words), 1, "cannot emulate", "--mode simulate")

    def test_an_interrupt_leaves_what_was_measured(self):
        self.simulate(*SMALL)  # or it is skipped
        self.out = self.directory / "interrupted"
        words = ["run", "first-light", "--mode", "simulate", "--out", str(self.out), "--set",
                 "workload.iterations=10000"]
        words += ["--set", "workload.sizes=[4 KiB, 16 MiB]", "--set", "workload.warmup=0"]
        process = Process(self, words)
        wait_until(lambda: (self.out / "links.csv").exists() and (self.out / "links.csv").stat().st_size > 0,
                   "rows in links.csv")
        process.send(signal.SIGINT)
        self.assertEqual(process.wait(), 128 + signal.SIGINT, process.err())
        self.assertRegex(process.out(), r"VERDICT: INVALID\n  the workload failed: interrupted at \d+\.\d+ s")
        self.files_keep_their_schemas()

    def test_refuses_what_it_cannot_do_in_one_line(self):
        self.refused(self.simulate("--set", "workload.congestion_control=prague"), 1, "prague", "allowed:", "cubic")
        for option in ("--lcores=0", "--cpu=0", "--metrics=0"):
            self.refused(self.simulate(option), 2, option.partition("=")[0], "--mode simulate")
        self.assertFalse(self.out.exists())

    def test_refuses_other_modes(self):
        self.refused(self.ask("run", "first-light", "--mode", "guess"), 2, "guess", "emulate, simulate, both")


if __name__ == "__main__":
    tap.main(needs_namespaces=False)
