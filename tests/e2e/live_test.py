# SPDX-License-Identifier: GPL-2.0-only
"""`longhaul set` and `event`: what they do to a link under traffic, what they refuse, what a run says of them."""

import json
import pathlib
import shutil
import signal
import stat
import time

from harness import PATIENT, Process, QUICK, STATE, wait_until
from live import ADDRESS, Connection, Live, TOPOLOGY
import tap

CHANGES = 10_000


class Change(Live):
    def round_trip_is(self, milliseconds):
        """Never early, and the best of some comes close."""
        seen = []

        def close():
            seen.append(self.echoes()[1])
            self.assertGreaterEqual(seen[-1], milliseconds)
            return seen[-1] < milliseconds + 0.5 or len(seen) == 8

        wait_until(close, "echoes")
        self.assertLess(min(seen), milliseconds + 0.5, seen)

    def test_what_is_set_takes_effect(self):
        process = self.up(TOPOLOGY, "--set", "links.wan.reserve.delay=20 ms")
        self.round_trip_is(13.262)
        said = self.ok("set", "wan", "delay=20 ms")
        self.assertRegex(said, r"\Awan: delay 20 ms from t = \d+\.\d{6} s\n\Z")
        self.round_trip_is(40)
        self.ok("set", "wan:reverse", "delay=1 ms", "rate=100 Mbit/s")
        self.round_trip_is(21)
        self.assertEqual((self.direction("forward")["settings"]["delay_ms"], self.direction("reverse")["settings"]),
                         (20, {**self.direction("forward")["settings"], "delay_ms": 1, "rate_bps": 100_000_000}))
        self.ok("set", "wan:forward", "loss=1")
        self.assertEqual(self.echoes(5)[0], 0)
        self.ok("set", "wan:forward", "loss=0", "buffer=100 kB")
        self.assertEqual(self.echoes(5)[0], 5)
        forward = wait_until(lambda: next((d for d in [self.direction("forward")] if d["changes"] == 3), None),
                             "all changes to count", 5)
        self.assertEqual(forward["settings"]["loss"], 0)
        self.assertEqual(forward["settings"]["buffer_bytes"], 100_000)
        self.assertGreaterEqual(forward["dropped"]["line_loss"]["frames"], 5)
        text = self.ok("show", "wan:forward")
        self.assertIn("1 Gbit/s, delay 20 ms, loss 0, buffer 100000 B; 3 live changes", text)
        self.assertNotIn("wan reverse", text)
        self.assertIn("wan reverse", self.ok("show"))
        self.stop(process)
        self.nothing_is_left()

    def test_an_outage_loses_what_is_on_its_way_into_the_line(self):
        process = self.up(TOPOLOGY)
        self.assertEqual(self.echoes(5)[0], 5)  # from here on the hosts know each other
        self.ok("set", "wan", "up=false")
        wait_until(lambda: not self.direction("forward")["settings"]["up"], "the line to be dark", 5)
        self.assertEqual(self.echoes(5)[0], 0)
        self.assertIn("DARK", self.ok("show", "wan"))
        self.ok("set", "wan", "up=true")
        self.assertEqual(self.echoes(5)[0], 5)
        self.assertGreaterEqual(self.direction("forward")["dropped"]["outage"]["frames"], 5)
        self.assertIn("dark, light 100 ms later", self.ok("event", "wan:forward", "outage=100 ms"))
        wait_until(lambda: self.direction("forward")["changes"] == 4, "the outage to be over", 5)
        self.assertIn("the next 3 frames lost", self.ok("event", "wan:forward", "burst=3"))
        wait_until(lambda: self.direction("forward")["changes"] == 5, "the burst to begin", 5)
        self.assertGreaterEqual(self.echoes(5)[0], 2)
        wait_until(lambda: self.direction("forward")["dropped"]["burst"]["frames"] == 3, "the burst to be counted", 5)
        self.assertTrue(all(d["conserved"] for d in self.at_rest()["directions"]))
        self.stop(process)

    def test_what_makes_no_sense_is_refused_and_changes_nothing(self):
        process = self.up(TOPOLOGY)
        before = self.show()["directions"]
        for words, parts in [(("set", "wan", "rate=2 Gbit/s"), ("1 Gbit/s reserved", "links.wan.reserve.rate")),
                             (("set", "wan", "rate=100 Mbit/s", "loss=2"), ("links.wan.loss",)),
                             (("set", "wan", "speed=1"), ("speed", "rate")),
                             (("set", "wam", "loss=0"), ("wam", "wan")),
                             (("set", "wan:up", "loss=0"), ("forward",)),
                             (("set", "wan"), ("nothing changes",)),
                             (("event", "wan", "party=now"), ("party",)),
                             (("show", "wam"), ("wam", "wan")),
                             (("capture", "wan", "--write", "x", "--filter", "tcp prot 1"), ("tcp prot 1",)),
                             (("capture", "wan", "--write", "x", "--limit", "much"), ("--limit",)),
                             (("set",), ("--help",)),
                             (("top", "--interval", "1 ms"), ("100 ms to 60 s",)),
                             (("top",), ("--once",))]:
            with self.subTest(words=words):
                self.refused(self.ask(*words), 2, *parts)
        self.refused(self.ask("capture", "wan", "--write", "/nonexistent/x"), 1, "/nonexistent/x")
        after = self.show()
        self.assertEqual([d["settings"] for d in before], [d["settings"] for d in after["directions"]])
        self.assertEqual(after["live_changes"], 0)
        self.stop(process)

    def test_without_a_testbed(self):
        def nobody_else_has_one():
            self.answers = [self.ask(*words) for words in (("show",), ("top", "--once"), ("set", "wan", "loss=0"),
                                                           ("event", "wan", "burst=1"),
                                                           ("capture", "wan", "--write", "x"))]
            return all("no testbed is up" in done.stderr for done in self.answers)

        wait_until(nobody_else_has_one, "a time without a testbed", 180)
        for done in self.answers:
            self.refused(done, 1, "longhaul up")

    def test_the_socket_is_for_its_owner_and_survives_bad_peers(self):
        process = self.up(TOPOLOGY)
        path = pathlib.Path(json.loads((STATE / "state.json").read_text())["control_socket"])
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(path.parent.stat().st_mode), 0o700)
        for noise in (b"\n", b"\0\xff\n", b"[" * 50_000 + b"\n", b"{}\n", b'{"command": "nothing"}\n'):
            bad = Connection(self)
            bad.file.write(noise)
            answer = bad.receive()
            self.assertEqual(answer["status"], 2, answer)
        endless = Connection(self)
        endless.socket.sendall(b"x" * 100_000)
        self.assertIn("at most 65536 bytes", endless.receive()["error"])
        half = [Connection(self) for _ in range(5)]
        for connection in half:
            connection.socket.sendall(b'{"command": "sh')
        self.assertEqual(self.show()["run"], TOPOLOGY)
        for connection in half:
            connection.socket.sendall(b'ow"}\n')
            self.assertEqual(connection.receive()["run"], TOPOLOGY)
        self.stop(process)

    def test_ten_thousand_changes_under_load(self):
        if shutil.which("iperf3") is None:
            self.skipTest("`iperf3` is not installed")
        process = self.up(TOPOLOGY, "--set", "links.wan.reserve.delay=8 ms")
        server = Process(self, ["exec", "mtp0", "--", "iperf3", "-s", "-1", "--forceflush"])
        wait_until(lambda: "Server listening" in server.out(), "iperf3 to listen")
        load = Process(self, ["exec", "atl0", "--", "iperf3", "-c", ADDRESS, "-u", "-b", "20M", "-l", "1000",
                              "-t", "120"])
        wait_until(lambda: self.direction("forward")["in"]["frames"] > 1_000, "load")
        connection = Connection(self)
        began = time.monotonic()
        answered = 0
        for begin in range(0, CHANGES, 100):  # many on their way at once
            for i in range(begin, begin + 100):
                words = [[f"delay={4 + i % 5} ms"], [f"rate={50 + i % 50} Mbit/s", f"delay={5 + i % 3} ms"],
                         [f"loss={i % 3 / 100}"], [f"buffer={200 + i % 100} kB"]][i % 4]
                connection.send({"command": "set", "link": "wan", "words": words})
            for _ in range(100):
                answer = connection.receive()
                self.assertIn("from_s", answer)
                answered += 1
            target = connection.ask({"command": "show"})["directions"][0]["in"]["frames"] + 30
            wait_until(lambda: connection.ask({"command": "show"})["directions"][0]["in"]["frames"] >= target,
                       "frames between changes")
        print(f"# {CHANGES} changes in {time.monotonic() - began:.1f} s")
        load.send(signal.SIGINT)
        load.wait()
        server.send(signal.SIGINT)
        server.wait()
        wait_until(lambda: all(d["changes"] == CHANGES for d in self.show()["directions"]), "all changes to count", 30)
        view = self.at_rest()
        self.assertEqual((answered, view["live_changes"]), (CHANGES, CHANGES))
        self.assertGreater(view["directions"][0]["in"]["frames"], 1_000 + CHANGES // 100 * 30)
        for direction in view["directions"]:
            dropped = {unit: sum(cause[unit] for name, cause in direction["dropped"].items() if name != "hook")
                       for unit in ("frames", "bytes")}
            for unit in ("frames", "bytes"):
                self.assertEqual(direction["in"][unit], direction["out"][unit] + dropped[unit], direction)
            self.assertEqual((direction["store_full"], direction["handover_full"]), (0, 0))
        self.assertEqual(view["emulator_losses"], 0, [port["losses"] for port in view["ports"]])
        self.stop(process)

    def test_a_run_says_what_was_changed(self):
        process = self.start("run", "first-light", "--out", "run", *QUICK, *PATIENT,
                             "--set", "workload.iterations=30", until=lambda p: "path atl0" in p.err())
        said = wait_until(lambda: (lambda done: done.stdout if done.returncode == 0 else None)(
            self.ask("set", "wan", "delay=4 ms")), "the run to take a change")
        self.assertIn(process.wait(300), (0, 3), process.err())
        summary = json.loads((self.directory / "run/summary.json").read_text())
        self.assertEqual(summary["live_changes"]["count"], 1)
        change = summary["live_changes"]["first"][0]
        self.assertEqual(change["text"], "wan: delay 4 ms")
        self.assertEqual(said, f"wan: delay 4 ms from t = {change['at_s']:.6f} s\n")
        self.assertEqual(summary["judgement"]["reasons"][-1],
                         f"links were changed live 1 times, first at t = {change['at_s']:.6f} s: wan: delay 4 ms")
        self.assertIn("# Live changes\n", process.out())
        manifest = json.loads((self.directory / "run/manifest.json").read_text())
        self.assertEqual(manifest["live_changes"], summary["live_changes"])


if __name__ == "__main__":
    tap.main()
