# SPDX-License-Identifier: GPL-2.0-only
"""`longhaul run`: what a run leaves in its directory, what it prints, and how it is refused."""

import csv
import json
import os
import pathlib
import shutil
import statistics

from harness import PATIENT, QUICK, SOURCE, EndToEnd
import tap

COUNTERS = ("frames_in", "bytes_in", "frames_out", "bytes_out", "frames_dropped_queue_full", "bytes_dropped_queue_full",
            "frames_dropped_line_loss", "bytes_dropped_line_loss")


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


class Run(EndToEnd):
    def run_scenario(self, *words):
        """A run that ended as it should; returns its directory, its summary and what was printed."""
        out = self.directory / "result"
        done = self.ask_for_testbed("run", *words, *PATIENT, "--out", str(out))
        self.assertIn(done.returncode, (0, 3), done.stdout[-3000:] + done.stderr)
        summary = read_json(out / "summary.json")
        self.verdict_is_good(summary, done.returncode)
        return out, summary, done

    def verdict_is_good(self, summary, status):
        """VALID; or DEGRADED by a standstill alone, for which somebody else's load on this machine is enough."""
        judgement = summary["judgement"]
        self.assertEqual(judgement["verdict"], {0: "VALID", 3: "DEGRADED"}[status])
        self.assertTrue(judgement["reasons"])
        if status == 3:
            for reason in judgement["reasons"]:
                self.assertRegex(reason, r"\Athe data plane stood still for ")

    def verdict_follows_lateness(self, summary, status):
        """By the scenario's own bounds, however busy this machine is: 1 ms, and 5 ms for INVALID."""
        late = [direction["lateness"]["p99_ns"] for direction in summary["directions"]]
        said = [reason for reason in summary["judgement"]["reasons"] if reason.startswith("lateness P99 ")]
        beyond = [reason for reason in said if " us > " in reason]
        self.assertEqual(len(beyond), sum(p99 > 1e6 for p99 in late), said)
        self.assertEqual(sum(" us > 5000 us on link " in reason for reason in beyond), sum(p99 > 5e6 for p99 in late))
        verdict = "INVALID" if max(late) > 5e6 else "DEGRADED" if max(late) > 1e6 else "VALID"
        others = [reason for reason in summary["judgement"]["reasons"] if "stood still for" in reason]
        if not others:
            self.assertEqual(summary["judgement"]["verdict"], verdict)
        self.assertEqual(status, {"VALID": 0, "DEGRADED": 3, "INVALID": 4}[summary["judgement"]["verdict"]])

    def files_keep_their_schemas(self, out):
        listed = {file["name"] for file in read_json(out / "manifest.json")["files"]}
        self.assertEqual(listed, {path.name for path in out.iterdir()})
        self.assertLessEqual({"manifest.json", "summary.json", "collectives.json", "links.csv"}, listed)
        try:
            import jsonschema
        except ImportError:
            return
        for name in ("manifest", "summary", "collectives"):
            schema = read_json(SOURCE / f"results/schemas/{name}.schema.json")
            jsonschema.Draft202012Validator(schema).validate(read_json(out / f"{name}.json"))

    def decisions_say_what_the_counters_say(self, out, summary):
        with open(out / "decisions.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
        self.assertEqual(summary["decisions"], {"written": len(rows), "lost": 0})
        for direction in summary["directions"]:
            here = [row for row in rows if (row["link"], row["from"], row["to"]) ==
                    (direction["link"], direction["from"], direction["to"])]
            for cause in ("line_loss", "queue_full"):
                sizes = [int(row["bytes"]) for row in here if (row["what"], row["cause"]) == ("dropped", cause)]
                self.assertEqual({"frames": len(sizes), "bytes": sum(sizes)}, direction["dropped"][cause])
            positions = [int(row["position"]) for row in here if row["stage"] == "line"]
            self.assertEqual(positions, sorted(set(positions)))
            self.assertLess(max(positions, default=0), direction["in"]["frames"])

    def sums_are_correct(self, out, summary, sizes, iterations):
        self.assertEqual([result["size_bytes"] for result in summary["collectives"]], sizes)
        for result in summary["collectives"]:
            self.assertEqual(result["iterations"], iterations)
            self.assertEqual(result["wrong"], 0)
            self.assertGreaterEqual(result["checked_iterations"], 1)
            self.assertGreater(result["busbw_GBps"], 0)
        collectives = read_json(out / "collectives.json")
        self.assertEqual([(result["size"], result["out_of_place"]["nwrong"]) for result in collectives["results"]],
                         [(size, 0) for size in sizes])
        for result in collectives["results"]:
            self.assertEqual(len(result["out_of_place_per_iter"]["times_us"]), iterations)

    def nothing_was_lost_unnoticed(self, summary):
        self.assertTrue(summary["conserved"])
        self.assertEqual(summary["samples_lost"], 0)
        for direction in summary["directions"]:
            dropped = sum(cause["frames"] for cause in direction["dropped"].values())
            self.assertGreater(direction["in"]["frames"], 0)
            self.assertEqual(direction["in"]["frames"], direction["out"]["frames"] + dropped)
            self.assertEqual((direction["held"], direction["queue_bytes"]), ({"frames": 0, "bytes": 0}, 0))
            self.assertEqual(direction["lateness"]["early"], 0)
        self.assertGreater(len(summary["ports"]), 0)
        for port in summary["ports"]:
            self.assertGreater(len(port["losses"]), 0)
            self.assertEqual([loss for loss in port["losses"] if loss["frames"] != 0], [], port["host"])

    def series_is_sound(self, out, summary):
        """links.csv: a row per direction each 10 ms, conserved at every instant, counting upwards to the totals."""
        with open(out / "links.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
        for direction in summary["directions"]:
            way = (direction["link"], direction["from"], direction["to"])
            series = [row for row in rows if (row["link"], row["from"], row["to"]) == way]
            self.assertGreater(len(series), 20)
            for row in series:
                for unit in ("frames", "bytes"):
                    parts = [key for key in row
                             if key.startswith(unit + "_dropped_") or key in (unit + "_out", unit + "_held")]
                    self.assertEqual(int(row[unit + "_in"]) + int(row[unit + "_duplicated"]),
                                     sum(int(row[key]) for key in parts), row)
                self.assertGreaterEqual(int(row["queue_peak_bytes"]), int(row["queue_bytes"]))
            gaps = []
            for before, after in zip(series, series[1:]):
                gaps.append(float(after["time_s"]) - float(before["time_s"]))
                for counter in COUNTERS:
                    self.assertGreaterEqual(int(after[counter]), int(before[counter]), after)
            self.assertGreaterEqual(min(gaps), 0)
            self.assertAlmostEqual(statistics.median(gaps), 0.010, delta=0.001)
            last = series[-1]
            self.assertEqual([int(last["frames_in"]), int(last["bytes_out"])],
                             [direction["in"]["frames"], direction["out"]["bytes"]])

    def run_is_sound(self, sizes, iterations, *words):
        out, summary, done = self.run_scenario(*words)
        self.files_keep_their_schemas(out)
        self.sums_are_correct(out, summary, sizes, iterations)
        self.nothing_was_lost_unnoticed(summary)
        self.series_is_sound(out, summary)
        self.nothing_is_left()
        return out, summary, done

    def test_metro_light(self):
        _, summary, done = self.run_is_sound([65536, 1048576], 5, "metro-light")
        self.assertIn(f"VERDICT: {summary['judgement']['verdict']}\n", done.stdout)
        self.assertIn(f"Files: {self.directory / 'result'}\n", done.stdout)
        probe = summary["probes"][0]
        self.assertEqual(probe["received"], probe["sent"])
        self.assertGreaterEqual(probe["min_ms"], probe["expected_ms"])

    def test_first_light(self):
        _, summary, _ = self.run_is_sound([65536, 1048576], 5, "first-light", *QUICK)
        for direction in summary["directions"]:
            self.assertEqual(direction["dropped"]["line_loss"]["frames"], 0)
        for result in summary["collectives"]:  # a ring of four crosses the link in each of its six steps
            self.assertGreater(result["slowest_rank_us"]["min"], 3 * 6631)

    def test_a_link_that_loses_frames(self):
        out, summary, _ = self.run_is_sound(
            [65536, 4194304], 5, "first-light", "--seed", "7", "--set", "topology.links.wan.loss=1e-3",
            "--set", "workload.sizes=[64 KiB, 4 MiB]", "--set", "workload.iterations=5", "--decisions")
        lost = sum(direction["dropped"]["line_loss"]["frames"] for direction in summary["directions"])
        sent = sum(direction["in"]["frames"] for direction in summary["directions"])
        self.assertGreater(lost, 0)
        self.assertLess(lost, 5e-3 * sent)
        self.assertIn("loss: 0.001", read_json(out / "manifest.json")["topology_yaml"])
        self.decisions_say_what_the_counters_say(out, summary)

    def test_a_link_that_is_cut_and_comes_back(self):
        cuts = (1.5, 3.0)
        timeline = ", ".join(f"{{at: {cut} s, protection_switch: {{outage: 50 ms, delay: {delay}}}}}"
                             for cut, delay in zip(cuts, ("8.59 ms", "6.63 ms")))
        out, summary, _ = self.run_scenario("switch-over", "--set", f"links.wan.timeline=[{timeline}]",
                                            "--set", "workload.iterations=40")
        with open(out / "links.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
        self.assertGreater(float(rows[-1]["time_s"]), cuts[1] + 0.1)
        total = {}
        for name in ("frames_dropped_outage", "frames_dropped_line_loss", "frames_marked_red"):
            total[name] = sum(int(row[name]) for row in rows[-len(summary["directions"]):])
        self.assertGreater(total["frames_dropped_line_loss"], 0)
        self.assertGreater(total["frames_marked_red"], 0)
        # What was sent into the dark is lost while it is dark and at no other time.
        rises = {cut: 0 for cut in cuts}
        for direction in ("atlanta", "mount-pleasant"):
            here = [row for row in rows if row["from"] == direction]
            for before, after in zip(here, here[1:]):
                more = int(after["frames_dropped_outage"]) - int(before["frames_dropped_outage"])
                if more == 0:
                    continue
                first, last = float(before["time_s"]), float(after["time_s"])
                cut = [cut for cut in cuts if last >= cut and first <= cut + 0.06]
                self.assertEqual(len(cut), 1, f"{more} frames lost to an outage between {first} s and {last} s")
                rises[cut[0]] += more
        self.assertGreater(min(rises.values()), 0, rises)
        self.assertEqual(sum(rises.values()), total["frames_dropped_outage"])

    def test_the_manifest_is_enough_to_run_it_again(self):
        out, summary, _ = self.run_scenario("metro-light", "--seed", "7", "--set", "workload.iterations=3",
                                            "--set", "topology.links.metro.distance=60 km")
        manifest = read_json(out / "manifest.json")
        self.assertEqual((manifest["seed"], summary["seed"]), (7, 7))
        self.assertRegex(manifest["scenario_yaml"], r"(?m)^seed: 7$")
        self.assertRegex(manifest["scenario_yaml"], r"(?m)^  iterations: 3$")
        self.assertIn("distance: 60 km", manifest["topology_yaml"])
        self.assertEqual(manifest["command_line"][1:4], ["run", "metro-light", "--seed"])
        self.assertEqual(len(manifest["ranks"]), 4)
        again = self.directory / "again.yaml"
        again.write_text(manifest["scenario_yaml"], encoding="utf-8")
        done = self.ask("check", str(again))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith(manifest["scenario_yaml"]))

    def test_json_is_the_summary_and_nothing_else(self):
        done = self.ask_for_testbed("run", "metro-light", "--json")
        directories = list((self.directory / "results/runs").iterdir())
        self.assertEqual(len(directories), 1)
        self.assertRegex(directories[0].name, r"\Ametro-light-\d{8}-\d{6}\Z")
        self.assertEqual(done.stdout, (directories[0] / "summary.json").read_text(encoding="utf-8"))
        self.verdict_follows_lateness(json.loads(done.stdout), done.returncode)


class Refusals(EndToEnd):
    def test_results_do_not_go_where_there_is_something(self):
        out = self.directory / "result"
        out.mkdir()
        (out / "thesis.txt").write_text("years of work\n", encoding="ascii")
        self.refused(self.ask_for_testbed("run", "metro-light", "--out", str(out)), 1, str(out), "not empty")
        self.assertEqual([path.name for path in out.iterdir()], ["thesis.txt"])

    def test_results_cannot_go_below_a_file(self):
        file = self.directory / "file"
        file.touch()
        self.refused(self.ask_for_testbed("run", "metro-light", "--out", str(file / "result")), 1, str(file))
        self.nothing_is_left()

    def test_a_processor_that_there_is_not(self):
        self.refused(self.ask_for_testbed("run", "metro-light", "--cpu", "99"), 1, "no CPU 99")
        self.refused(self.ask_for_testbed("up", "metro-pair", "--cpu", "99"), 1, "no CPU 99")
        self.assertEqual(list((self.directory / "results/runs").iterdir()), [])
        self.nothing_is_left()

    def test_without_root(self):
        prefix = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        if shutil.which(prefix[0]) is None:
            self.skipTest("`setpriv` is not installed")
        if self.ask("--version", prefix=prefix).returncode != 0:
            self.skipTest("nobody may not run the program here")
        self.refused(self.ask("run", "metro-light", prefix=prefix), 1, "root")
        self.refused(self.ask("up", "metro-pair", prefix=prefix), 1, "root")
        self.assertEqual(self.ask("check", "metro-light", prefix=prefix).returncode, 0)
        doctor = self.ask("doctor", prefix=prefix)
        self.assertEqual(doctor.returncode, 1)
        self.assertRegex(doctor.stdout, r"(?m)^FAIL  privileges ")

    def test_a_name_that_somebody_else_has(self):
        identity = self.make_foreign_namespace("lh-atl0")
        self.refused(self.ask_for_testbed("run", "first-light", *QUICK), 1, "lh-atl0", "not ours")
        self.assertEqual(os.stat("/run/netns/lh-atl0").st_ino, identity)
        self.assertEqual(list((self.directory / "results/runs").iterdir()), [])
        self.nothing_is_left()

    def test_a_second_run_is_told_who_has_the_testbed(self):
        first = self.start("run", "first-light", *QUICK, *PATIENT, "--set", "workload.iterations=30", "--out", "first",
                           until=lambda process: "testbed up" in process.err())
        out = self.directory / "second"
        busy = (f"pid {first.pid} ", "run first-light")
        self.refused(self.ask("run", "metro-light", "--out", str(out)), 1, *busy)
        self.refused(self.ask("up", "metro-pair"), 1, *busy)
        self.refused(self.ask("clean"), 1, *busy)
        self.assertFalse(out.exists())
        self.assertFalse(first.ended())
        status = first.wait(120)
        self.assertIn(status, (0, 3), first.out()[-3000:])
        Run.verdict_is_good(self, read_json(pathlib.Path(self.directory, "first/summary.json")), status)
        self.nothing_is_left()


if __name__ == "__main__":
    tap.main()
