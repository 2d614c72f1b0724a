# SPDX-License-Identifier: GPL-2.0-only
"""`longhaul hook test`: hooks over captures, whole ones and broken ones. Needs no testbed and no privilege."""

import json
import re
import shutil
import struct

from harness import SOURCE, EndToEnd
import tap

ETHERNET, LINUX_SLL2 = 1, 276
PASS, DROP, MARK, DELAY, CLASS, DUPLICATE, CORRUPT, CAPTURE, ECN = 0, *(1 << bit for bit in range(8))

# Answers what byte 14 of a frame says; its delay tells what it was shown.
ORACLE = """
#include "emulator/hooks/hook.bpf.h"

uint32_t always;

LH_HOOK(ingress) int oracle(struct lh_hook_ctx* ctx) {
  lh_count(ctx, ctx->head[14]);
  ctx->drop_cause = ctx->head[15];
  ctx->delay_ns = 1000 * ctx->frame_bytes + ctx->head_bytes;
  ctx->set_class = 5;
  ctx->set_ecn = 2;
  ctx->corrupt_bit = 8 * ctx->frame_bytes + 3;
  return always ? always : ctx->head[14];
}

LH_HOOK(egress) int oracle_out(struct lh_hook_ctx* ctx) {
  ctx->drop_cause = lh_random(ctx) & 15;
  return ctx->now_ns == lh_time(ctx) && ctx->number % 2 ? LH_DROP : LH_PASS;
}
"""


def frame(answer, cause=0, size=60):
    return (b"\2" * 12 + b"\x12\x34" + bytes((answer, cause))).ljust(size, b"\0")


def pcap(frames, *, order="<", nanoseconds=True, linktype=ETHERNET, snap=65535, begin=1_700_000_000, step=1_001):
    """A capture, a frame each `step` ns; of microseconds where its stamps have no more."""
    magic, unit = (0xA1B23C4D, 1) if nanoseconds else (0xA1B2C3D4, 1000)
    data = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, linktype)
    for number, one in enumerate(frames):
        stamp = number * step
        data += struct.pack(order + "IIII", begin + stamp // 10**9, stamp % 10**9 // unit, len(one[:snap]), len(one))
        data += one[:snap]
    return data


def pcapng(frames, step=1_001):
    def block(kind, body):
        size = len(body) + 12
        return struct.pack("<II", kind, size) + body + struct.pack("<I", size)

    data = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    data += block(1, struct.pack("<HHI", ETHERNET, 0, 65535) + struct.pack("<HHB3xHH", 9, 1, 9, 0, 0))
    for number, one in enumerate(frames):
        stamp = 1_700_000_000 * 10**9 + number * step
        padded = one + b"\0" * (-len(one) % 4)
        data += block(6, struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(one), len(one)) + padded)
    return data


class HookTest(EndToEnd):
    def setUp(self):
        super().setUp()
        if shutil.which("clang") is None:
            self.skipTest("clang is not installed")
        self.oracle = self.file("oracle.bpf.c", ORACLE.encode())

    def file(self, name, data):
        path = self.directory / name
        path.write_bytes(data)
        return str(path)

    def told(self, capture, *words, program=None, prefix=()):
        """The answer in JSON about a capture of these bytes."""
        file = self.file("capture", capture)
        done = self.ask("hook", "test", program or self.oracle, "--pcap", file, "--json", *words, prefix=prefix)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout)

    def refused_capture(self, capture, *parts):
        file = self.file("capture", capture)
        done = self.ask("hook", "test", self.oracle, "--pcap", file)
        self.refused(done, 1, f"cannot read capture {file}: ", *parts)


def fates(told):
    """Of each frame what is neither its number, its time nor its size."""
    return [{key: value for key, value in frame.items() if key not in ("number", "now_ns", "bytes")}
            for frame in told["frames"]]


class Verdicts(HookTest):
    ANSWERS = {
        (PASS, 9): {"verdict": "pass"},
        (DROP, 3): {"verdict": "drop", "cause": 3},
        (DROP | DELAY, 200): {"verdict": "drop", "cause": 15},
        (MARK, 0): {"verdict": "pass", "mark": True},
        (ECN | MARK, 0): {"verdict": "pass", "ecn": 2},
        (DELAY, 0): {"verdict": "pass", "delay_ns": 60_060},
        (CLASS, 0): {"verdict": "pass", "class": 5},
        (DUPLICATE | CAPTURE, 0): {"verdict": "pass", "duplicate": True, "capture": True},
        (CORRUPT, 0): {"verdict": "pass", "corrupt_bit": 3},
    }

    def setUp(self):
        super().setUp()
        self.frames = [frame(*answer) for answer in self.ANSWERS]

    def test_of_each_frame_whatever_the_capture_is_written_in(self):
        for capture in (pcap(self.frames), pcap(self.frames, order=">"), pcapng(self.frames)):
            told = self.told(capture)
            self.assertEqual((told["program"], told["place"]), ("oracle", "ingress"))
            self.assertEqual(fates(told), list(self.ANSWERS.values()))
            self.assertEqual([one["number"] for one in told["frames"]], list(range(1, 10)))
            self.assertEqual([one["now_ns"] for one in told["frames"]], [1_001 * number for number in range(9)])
            self.assertEqual({one["bytes"] for one in told["frames"]}, {60})
            counted = [sum(answer % 16 == index for answer, _ in self.ANSWERS) for index in range(16)]
            self.assertEqual(told["counters"], counted)
            self.assertGreater(told["ns_per_frame"]["whole"], 0)
            self.assertGreater(told["ns_per_frame"]["program"], 0)

    def test_microseconds(self):
        told = self.told(pcap(self.frames[:3], nanoseconds=False, step=1_700))
        self.assertEqual([one["now_ns"] for one in told["frames"]], [0, 1_000, 3_000])

    def test_time_does_not_run_backwards(self):
        told = self.told(pcap(self.frames[:3], step=-700_000_000))
        self.assertEqual([one["now_ns"] for one in told["frames"]], [0, 0, 0])

    def test_table_and_summary(self):
        done = self.ask("hook", "test", self.oracle, "--pcap", self.file("capture", pcap(self.frames)))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
        self.assertEqual(lines[0], "oracle at ingress, seed 1")
        first = lines.index("# frame time (s) bytes verdict") + 1
        self.assertEqual(lines[first:first + 10], [
            "1 0.000000000 60 pass",
            "2 0.000001001 60 drop, cause 3",
            "3 0.000002002 60 drop, cause 15",
            "4 0.000003003 60 pass, mark",
            "5 0.000004004 60 pass, ecn 2",
            "6 0.000005005 60 pass, delay 60.06 us",
            "7 0.000006006 60 pass, class 5",
            "8 0.000007007 60 pass, duplicate, capture",
            "9 0.000008008 60 pass, corrupt bit 3",
            "",
        ])
        first = lines.index("# verdict frames bytes") + 1
        self.assertEqual(lines[first:first + 12], [
            "pass 7 420", "drop, cause 3 1 60", "drop, cause 15 1 60", "mark 1 60", "ecn 1 60", "delay 1 60",
            "class 1 60", "duplicate 1 60", "corrupt 1 60", "capture 1 60", "all 9 540", ""])
        self.assertEqual(lines[-2], "counters: 0: 3, 1: 1, 2: 2, 4: 1, 5: 1, 8: 1")
        self.assertRegex(lines[-1], r"\Acost: \d+\.\d ns a frame for the program, \d+\.\d ns with ")

    def test_draws_follow_the_seed(self):
        capture = pcap([frame(PASS)] * 64)
        first, again, other = (fates(self.told(capture, "--place", "egress", "--seed", seed)) for seed in "112")
        self.assertEqual([fate["verdict"] for fate in first], ["pass", "drop"] * 32)
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_what_is_measured_leaves_the_verdicts_alone(self):
        told = self.told(pcap([frame(PASS)] * 10), "--set", "period=3", program="drop_every_nth")
        self.assertEqual([fate["verdict"] for fate in fates(told)], (["pass", "pass", "drop"] * 4)[:10])

    def test_needs_no_privilege(self):
        if shutil.which("setpriv") is None:
            self.skipTest("setpriv is not installed")
        told = self.told(pcap([frame(PASS)] * 2), "--set", "period=2", program="drop_every_nth",
                         prefix=("setpriv", "--bounding-set=-all", "--inh-caps=-all"))
        self.assertEqual([fate["verdict"] for fate in fates(told)], ["pass", "drop"])


class BrokenFrames(HookTest):
    def test_cut_off_and_malformed_frames_are_judged(self):
        ip = b"\2" * 12 + b"\x08\x00" + b"\x45\0\xff\xff" + b"\0" * 16
        frames = [b"", b"\2", b"\2" * 13, b"\2" * 14, ip[:20], ip, ip[:14] + b"\xff" * 80, b"\xff" * 9_018]
        told = self.told(pcap(frames), "--set", f"always={DELAY | CORRUPT}")
        self.assertEqual([one["bytes"] for one in told["frames"]], [len(one) for one in frames])
        self.assertEqual([one["delay_ns"] for one in told["frames"][1:]],
                         [1_000 * len(one) + min(len(one), 128) for one in frames[1:]])
        self.assertEqual({one["corrupt_bit"] for one in told["frames"]}, {0, 3})

    def test_a_snap_length_is_not_the_length(self):
        told = self.told(pcap([frame(PASS, size=1_514)], snap=40), "--set", f"always={DELAY}")
        self.assertEqual([(one["bytes"], one["delay_ns"]) for one in told["frames"]], [(1_514, 1_514_040)])


class BrokenCaptures(HookTest):
    def test_are_refused_in_one_line(self):
        whole = pcap([frame(PASS)] * 3)
        self.refused_capture(whole[:-1], "frame 3: ", "truncated")
        self.refused_capture(whole[:-70], "frame 3: ", "truncated")
        self.refused_capture(pcapng([frame(PASS)] * 3)[:-5], "frame 3: ")
        self.refused_capture(whole[:24], "there is no frame in it")
        self.refused_capture(whole[:20])
        self.refused_capture(b"")
        self.refused_capture(b"not a capture at all, but long enough to be one")
        self.refused_capture(pcap([frame(PASS)], linktype=LINUX_SLL2), "LINUX_SLL2", "allowed: Ethernet")
        self.refused_capture(pcap([frame(PASS)] * 2, step=100 * 86_400 * 10**9), "frame 2: ", "90 days")
        length = struct.pack("<II", 0x7FFFFFFF, 0x7FFFFFFF)
        self.refused_capture(whole[:32] + length + whole[40:], "frame 1: ")

    def test_that_is_not_there(self):
        done = self.ask("hook", "test", self.oracle, "--pcap", "/nonexistent/x.pcap")
        self.refused(done, 1, "cannot read capture /nonexistent/x.pcap: ", "No such file")
        self.refused(self.ask("hook", "test", self.oracle, "--pcap", "/"), 1, "cannot read capture /: ")


class Words(HookTest):
    def setUp(self):
        super().setUp()
        self.capture = self.file("capture", pcap([frame(PASS)]))

    def refused_words(self, status, words, *parts):
        self.refused(self.ask("hook", "test", *words, "--pcap", self.capture), status, *parts)

    def test_programs_that_cannot_be(self):
        broken = self.file("broken.bpf.c", b"#include \"emulator/hooks/hook.bpf.h\"\nnonsense\n")
        loop = self.file("loop.bpf.c", ORACLE.replace(
            "  return always ?", "#pragma clang loop unroll(disable)\n"
            "  for (uint64_t left = ctx->now_ns; left > 7; left /= 2) lh_count(ctx, left);\n  return always ?").encode())
        self.refused_words(1, [broken], f"cannot build hook {broken}: ", "broken.bpf.c:2:", "error: ")
        self.refused_words(1, [loop], f"cannot load hook {loop}: program oracle: the verifier refuses it: loops detected; "
                           "loop at loop.bpf.c:",
                           "unroll the loop")
        self.refused_words(1, ["/nonexistent/x.bpf.o"], "/nonexistent/x.bpf.o: cannot read it")
        self.refused_words(1, ["nothing_of_this_name"], "nothing_of_this_name", "drop_every_nth")

    def test_parameters_places_and_seeds_that_are_none(self):
        self.refused_words(2, ["drop_every_nth", "--set", "period"], "--set period: ", "VARIABLE=NUMBER")
        self.refused_words(2, ["drop_every_nth", "--set", "period=often"], "parameter period=often: not a whole number")
        self.refused_words(2, ["drop_every_nth", "--set", "nothing=1"], "there is no such variable", "period (uint64_t)")
        self.refused_words(2, ["drop_every_nth", "--place", "egress"], "has no program at egress, allowed: ingress")
        self.refused_words(2, ["drop_every_nth", "--place", "above"], "--place above: allowed: ingress, egress")
        self.refused_words(2, ["drop_every_nth", "--seed", "-1"], "--seed")

    def test_arguments_that_are_missing(self):
        self.refused(self.ask("hook", "test", "pass"), 2, "--pcap", "longhaul hook test --help")
        self.refused(self.ask("hook", "test"), 2, "longhaul hook test --help")
        self.refused(self.ask("hook"), 2, "`longhaul hook test`", "`longhaul hook swap`")
        self.refused(self.ask("hook", "fly"), 2, "`longhaul hook test`", "`longhaul hook swap`")

    def test_help(self):
        for command in ("hook test", "hook swap"):
            done = self.ask(*command.split(), "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(f"Usage: longhaul {command} ", done.stdout)
            self.assertRegex(self.ask("--help").stdout, rf"(?m)^  {command} +\S")


class Documentation(HookTest):
    """docs/hooks.md: the program of its tutorial does what is said of it."""

    def setUp(self):
        super().setUp()
        text = (SOURCE / "docs/hooks.md").read_text(encoding="utf-8")
        self.unlucky = self.file("unlucky.bpf.c", re.search(r"```c\n(.*?)```", text, re.S)[1].encode())
        self.lab = self.file("lab.yaml", re.search(r"```yaml\n(name: lab\n.*?)```", text, re.S)[1].encode())

    def test_the_tutorial_drops_data_to_its_port(self):
        def segment(port, payload):
            tcp = struct.pack(">HHIIBBHHH", 40_000, port, 1, 1, 0x50, 0x18, 1_000, 0, 0)
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + payload, 1, 0, 64, 6, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
            return b"\2" * 12 + b"\x08\0" + ip + tcp + b"x" * payload

        capture = pcap([segment(5201, 1_400), segment(5201, 0), segment(80, 1_400), frame(PASS), segment(5201, 1)])
        verdicts = {one_in: [fate["verdict"] for fate in fates(self.told(
            capture, "--set", f"one_in={one_in}", program=self.unlucky))] for one_in in (0, 1)}
        self.assertEqual(verdicts, {0: ["pass"] * 5, 1: ["drop", "pass", "pass", "pass", "drop"]})
        told = self.told(capture, "--set", "one_in=1", "--set", "port=80", program=self.unlucky)
        self.assertEqual(fates(told)[2], {"verdict": "drop", "cause": 1})
        self.assertEqual(told["counters"][0], 1)

    def test_the_lab_is_a_topology(self):
        done = self.ask("check", self.lab)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f'program: "{self.unlucky}", parameters: {{ "one_in": "200" }}', done.stdout)


if __name__ == "__main__":
    tap.main()
