# SPDX-License-Identifier: GPL-2.0-only
"""Hooks of a standing testbed: swapped and changed while frames flow; those that cannot be loaded."""

import json
import os
import shutil
import subprocess

from live import Live, TOPOLOGY
import tap

BPFTOOL = shutil.which("bpftool", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
REFUSED = """
#include "emulator/hooks/hook.bpf.h"

uint64_t sizes[4];

LH_HOOK(ingress) int refused(struct lh_hook_ctx* ctx) {
  if (ctx->frame_bytes < 4) ++sizes[ctx->frame_bytes];
  return LH_PASS;
}
"""


def maps(name):
    """The ids of the kernel's maps of that name."""
    listed = subprocess.run([BPFTOOL, "-j", "map", "list"], check=True, capture_output=True, text=True, timeout=30)
    return {one["id"] for one in json.loads(listed.stdout) if one.get("name") == name}


class Hooks(Live):
    def setUp(self):
        super().setUp()
        self.refused_program = self.directory / "refused.bpf.c"
        self.refused_program.write_text(REFUSED)

    def hook(self):
        (hook,) = self.direction("forward")["hooks"]
        return hook

    def test_are_swapped_and_changed_while_frames_flow(self):
        process = self.up(TOPOLOGY, "--set", "links.wan.forward.hooks=[pass]")
        self.assertEqual(self.echoes(10)[0], 10)
        before = maps("drop_eve.data") if BPFTOOL else set()
        said = self.ok("hook", "swap", "wan:forward", "drop_every_nth", "--set", "period=1")
        self.assertRegex(said, r"\Awan:forward: hook drop_every_nth since t = \d+\.\d{6} s\n\Z")
        self.assertEqual(self.echoes(3)[0], 0)
        self.assertGreaterEqual(self.hook()["dropped_by_cause"][0]["frames"], 3)
        if BPFTOOL:
            (number,) = maps("drop_eve.data") - before
            subprocess.run([BPFTOOL, "map", "update", "id", str(number), "key", "0", "0", "0", "0", "value", *"0" * 8],
                           check=True, capture_output=True, timeout=30)
            self.assertEqual(self.echoes(10)[0], 10)
        self.ok("hook", "swap", "wan:forward", "pass", "--place", "ingress")
        self.assertEqual(self.echoes(10)[0], 10)
        view = self.at_rest()
        self.assertEqual(view["live_changes"], 2)
        self.assertTrue(all(one["conserved"] for one in view["directions"]))
        self.assertTrue(self.hook()["conserved"])
        self.stop(process)

    def test_that_cannot_be_swapped_in_leave_the_old_one(self):
        process = self.up(TOPOLOGY, "--set", "links.wan.forward.hooks=[drop_every_nth]")
        old = self.hook()["program"]
        for words, status, part in (
                (("wan:forward", str(self.refused_program)), 1, "mask a variable index"),
                (("wan:forward", "drop_every_nth", "--set", "nothing=1"), 1, "there is no such variable"),
                (("wan:forward", "nothing_of_this_name"), 1, "nothing_of_this_name"),
                (("wan:reverse", "pass"), 1, "the link had no hook"),
                (("wan:forward", "pass", "--place", "egress"), 1, "the link had no hook"),
                (("lan", "pass"), 2, "lan")):
            done = self.ask("hook", "swap", *words)
            self.assertIn(done.returncode, (1, 2), done)
            self.assertEqual((done.returncode, done.stdout), (status, ""), done)
            self.assertRegex(done.stderr, r"\A[^\n]+\n\Z")
            self.assertIn(part, done.stderr)
            self.assertEqual(self.hook()["program"], old)
        self.assertEqual(self.show()["live_changes"], 0)
        self.stop(process)

    def test_that_are_refused_or_missing_stop_the_start(self):
        for program, part in ((self.refused_program, "mask a variable index"),
                              (self.directory / "missing.bpf.o", "cannot read it"),
                              (self.directory / "missing.bpf.c", "there is no such file")):
            done = self.ask_for_testbed("up", TOPOLOGY, "--set", f"links.wan.hooks=[{program}]")
            self.assertEqual((done.returncode, done.stdout), (1, ""), done)
            self.assertIn(part, done.stderr)
            self.assertIn(program.name, done.stderr)
        self.nothing_is_left()


if __name__ == "__main__":
    tap.main()
