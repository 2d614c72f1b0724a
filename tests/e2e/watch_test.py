# SPDX-License-Identifier: GPL-2.0-only
"""A standing testbed watched: `longhaul top` and `capture`, metrics over HTTP, DPDK telemetry."""

import http.client
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess

from harness import Process, wait_until
import harness
from live import ADDRESS, Live, TOPOLOGY
import tap

METRIC_LINE = re.compile(r'# (TYPE|UNIT|HELP) [a-zA-Z_:][\w:]* .+|'
                         r'[a-zA-Z_:][\w:]*(\{[a-zA-Z_]\w*="([^"\\\n]|\\.)*"(,[a-zA-Z_]\w*="([^"\\\n]|\\.)*")*\})? \S+')


class Watch(Live):
    def test_top(self):
        process = self.up(TOPOLOGY)
        self.echoes(5)
        once = self.ok("top", "--once")
        self.assertRegex(once, rf"\A{TOPOLOGY}: up \d+ s, 0 live changes, lost by the emulator: 0 frames\n")
        self.assertRegex(once, r"(?m)^wan forward +[\d.]+ \w*bit/s +[\d.]+ \w*bit/s ")
        self.assertRegex(once, r"(?m)^mtp1 ")
        self.assertRegex(once, r"(?m)^0 on CPU \d+ ")
        for ending in (b"q", None):
            with self.subTest(ending=ending):
                self.watch_top(ending)
        self.stop(process)

    def watch_top(self, ending):
        """In a terminal of 40 columns: no line is wider, and the terminal is given back."""
        child, terminal = pty.fork()
        if child == 0:
            os.environ["COLUMNS"] = "40"
            subprocess.run(["stty", "cols", "40", "rows", "12"], check=False)
            os.execv(harness.LONGHAUL, [harness.LONGHAUL, "top", "--interval", "100 ms"])
        seen = b""

        def read_on():
            nonlocal seen
            if select.select([terminal], [], [], 0.05)[0]:
                try:
                    seen += os.read(terminal, 65536)
                except OSError:  # its other end is closed
                    pass
            return seen

        try:
            wait_until(lambda: read_on().count(b"\x1b[H") >= 3, "three screens", 30)
            if ending is None:
                os.kill(child, signal.SIGINT)
            else:
                os.write(terminal, ending)
            status = wait_until(lambda: read_on() and (lambda done: done if done[0] else None)(
                os.waitpid(child, os.WNOHANG)), "top to end", 10)[1]
        except AssertionError:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise
        finally:
            read_on()
            os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0, seen)
        self.assertIn(b"\x1b[?1049h", seen)
        self.assertTrue(seen.rstrip().endswith(b"\x1b[?25h\x1b[?1049l"), seen[-200:])
        for line in seen.decode().split("\x1b[H")[1].splitlines():
            self.assertLessEqual(len(re.sub(r"\x1b\[[?\d]*[a-zA-Z]", "", line)), 40, line)

    def scrape(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        self.assertEqual(response.status, 200)
        self.assertTrue(response.getheader("Content-Type").startswith("application/openmetrics-text; version=1.0.0"))
        return text

    def test_metrics_over_http(self):
        process = self.up(TOPOLOGY, "--metrics=0")
        port = int(re.search(r"metrics: http://127\.0\.0\.1:(\d+)/metrics", process.out())[1])
        self.assertEqual(self.echoes(10)[0], 10)
        self.at_rest()
        text = self.scrape(port)
        self.assertTrue(text.endswith("\n# EOF\n"))
        for line in text.splitlines()[:-1]:
            self.assertRegex(line, METRIC_LINE)
        frames = self.direction("forward")["in"]["frames"]
        self.assertIn(f'longhaul_link_frames_total{{link="wan",direction="forward",outcome="in"}} {frames}\n', text)
        self.assertIn('longhaul_link_dropped_frames_total{link="wan",direction="reverse",cause="queue_full"} 0\n', text)
        self.assertIn('longhaul_link_rate_bits_per_second{link="wan",direction="forward"} 1000000000\n', text)
        self.assertRegex(text, r'longhaul_lcore_turns_total\{lcore="0",cpu="\d+"\} [1-9]')
        # Loopback only: not even the machine's other addresses are served.
        listening = subprocess.run(["ss", "-Hltn", f"sport = :{port}"], capture_output=True, text=True, timeout=30)
        self.assertRegex(listening.stdout, rf"127\.0\.0\.1:{port} ")
        self.assertEqual(len(listening.stdout.splitlines()), 1)
        self.stop(process)
        with self.assertRaises(OSError):
            self.scrape(port)
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        port = taken.getsockname()[1]
        self.refused(self.ask_for_testbed("up", TOPOLOGY, f"--metrics={port}"), 1, f"127.0.0.1:{port}", "in use")
        self.nothing_is_left()

    def test_dpdk_telemetry(self):
        process = self.up(TOPOLOGY)
        self.assertEqual(self.echoes(10)[0], 10)
        frames = self.at_rest()["directions"][0]["in"]["frames"]
        path = self.show()["telemetry_socket"]
        self.assertIn(f"DPDK telemetry: {path}", self.ok("show"))
        client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(client.close)
        client.settimeout(30)
        client.connect(path)
        size = json.loads(client.recv(1024))["max_output_len"]

        def ask(command):
            client.send(command.encode())
            return json.loads(client.recv(size))

        self.assertEqual(ask("/longhaul/links"), {"/longhaul/links": ["wan"]})
        wait_until(lambda: ask("/longhaul/link,wan")["/longhaul/link"]["forward"]["in_frames"] == frames,
                   "what telemetry says to be what show says", 10)
        link = ask("/longhaul/link,wan")["/longhaul/link"]
        self.assertEqual((link["reverse"]["from"], link["reverse"]["rate_bps"]), ("mount-pleasant", 10**9))
        self.assertEqual(ask("/longhaul/link,wam"), {"/longhaul/link": None})
        self.assertEqual(set(ask("/longhaul/ports")["/longhaul/ports"]), {"atl0", "atl1", "mtp0", "mtp1"})
        self.assertGreater(ask("/longhaul/lcores")["/longhaul/lcores"]["0"]["turns"], 0)
        self.assertIn("/longhaul/ports", ask("/")["/"])
        self.stop(process)
        self.nothing_is_left()

    def test_a_capture(self):
        process = self.up(TOPOLOGY)
        self.echoes(2)
        file = self.directory / "wan.pcapng"
        capture = Process(self, ["capture", "wan:forward", "--write", "wan.pcapng", "--filter", "icmp"])
        wait_until(lambda: "Ctrl-C ends it" in capture.err(), "the capture to begin")
        self.refused(self.ask("capture", "wan", "--write", "other.pcapng"), 1, "wan forward is being captured already")
        self.assertEqual(self.echoes(10)[0], 10)
        self.at_rest()
        capture.send(signal.SIGINT)
        self.assertEqual(capture.wait(), 0, capture.err())
        self.assertRegex(capture.out(), r"wan\.pcapng: 20 records, .* 10 were captured, \d+ did not pass the filter, "
                                        r"0 records found no room\n\Z")
        if shutil.which("tcpdump"):
            read = subprocess.run(["tcpdump", "-nr", str(file)], capture_output=True, text=True, timeout=60)
            self.assertEqual(len(re.findall(rf"10\.71\.0\.1 > {ADDRESS}: ICMP echo request", read.stdout)), 20)
        bounded = self.ask("capture", "wan", "--write", "short.pcapng", "--duration", "200 ms")
        self.assertEqual(bounded.returncode, 0, bounded.stderr)
        load = Process(self, ["exec", "atl0", "--", "ping", "-q", "-i", "0.002", ADDRESS])
        full = self.ask("capture", "wan", "--write", "full.pcapng", "--limit", "10 kB")
        self.assertEqual(full.returncode, 0, full.stderr)
        self.assertIn("came after the file was full", full.stdout)
        self.assertLessEqual((self.directory / "full.pcapng").stat().st_size, 10_000)
        killed = Process(self, ["capture", "wan", "--write", "killed.pcapng"])
        wait_until(lambda: "Ctrl-C ends it" in killed.err(), "the capture to begin")
        killed.send(signal.SIGKILL)
        killed.wait()
        again = wait_until(lambda: next((done for done in [self.ask("capture", "wan", "--write", "again.pcapng",
                                                                    "--duration", "100 ms")]
                                         if done.returncode == 0), None), "its directions to be free again", 10)
        self.assertIn("again.pcapng: ", again.stdout)
        load.send(signal.SIGINT)
        load.wait()
        self.stop(process)


if __name__ == "__main__":
    tap.main()
