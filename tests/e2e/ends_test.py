# SPDX-License-Identifier: GPL-2.0-only
"""How `up` and `run` end: by a signal, after which nothing is left, or killed, after which `longhaul clean` works."""

import os
import pathlib
import signal

from harness import EndToEnd, ip, links, namespaces, programs, testbed_is_held, wait_until
import tap

HOSTS = ("lh-east0", "lh-east1", "lh-west0", "lh-west1")
# The first size is soon done, the second one takes minutes: nobody waits for it.
LONG_RUN = ("run", "metro-light", "--set", "workload.sizes=[4 KiB, 16 MiB]", "--set", "workload.iterations=200")


def allowed_congestion_control():
    """A setting of the whole machine that hosts need changed for a while."""
    return pathlib.Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control").read_text(encoding="ascii").split()


def in_set_up(process):
    """It has made a first host, and has others to make."""
    return process.ended() or not process.out() and "testbed up" not in process.err() and HOSTS[0] in namespaces()


def in_collectives(process):
    return " 4096 B " in process.err() and len(programs("longhaul-rank")) >= 4


class Ends(EndToEnd):
    def setUp(self):
        super().setUp()
        wait_until(lambda: not testbed_is_held(), "the testbed to be free", 180)
        self.allowed = allowed_congestion_control()

    def machine_is_as_before(self):
        self.nothing_is_left()
        wait_until(lambda: allowed_congestion_control() == self.allowed, "the machine's settings to be as before", 180)

    def run_directories(self):
        return list(self.directory.glob("results/runs/*"))


class Signals(Ends):
    def up_is_ended(self, number):
        process = self.up("metro-pair")
        process.send(number)
        self.assertEqual(process.wait(), 0)
        self.assertIn("taking it down", process.out())
        self.assertEqual(process.err(), "")
        self.machine_is_as_before()

    def run_is_ended(self, number, until):
        process = self.start(*LONG_RUN, until=until)
        self.assertFalse(process.ended(), process.err())
        process.send(number)
        self.assertEqual(process.wait(), 128 + number, process.err())
        self.assertEqual(process.out(), "")
        last = process.err().splitlines()[-1]
        self.assertRegex(last, r"\Alonghaul: stopped by .+; everything was taken down\Z")
        self.machine_is_as_before()
        self.assertEqual(self.run_directories(), [])

    def test_interrupt_ends_up(self):
        self.up_is_ended(signal.SIGINT)

    def test_termination_ends_up(self):
        self.up_is_ended(signal.SIGTERM)

    def test_interrupt_in_the_set_up_of_up(self):
        process = self.start("up", "metro-pair", until=in_set_up)
        process.send(signal.SIGINT)
        self.assertEqual(process.wait(), 0)
        self.machine_is_as_before()

    def test_interrupt_in_the_set_up_of_a_run(self):
        self.run_is_ended(signal.SIGINT, in_set_up)

    def test_termination_in_the_set_up_of_a_run(self):
        self.run_is_ended(signal.SIGTERM, in_set_up)

    def test_interrupt_between_collectives(self):
        self.run_is_ended(signal.SIGINT, in_collectives)

    def test_termination_between_collectives(self):
        self.run_is_ended(signal.SIGTERM, in_collectives)


class Killed(Ends):
    def make_foreign_things(self):
        """Named like ours, but somebody else's; returns a function that says what they are."""
        self.make_foreign_namespace("lh-foreign")
        self.foreign |= {"lh-foreign0", "lh-foreign1"}
        self.addCleanup(ip, "link", "del", "lh-foreign0", check=False)
        ip("link", "add", "lh-foreign0", "type", "veth", "peer", "name", "lh-foreign1")
        return lambda: (os.stat("/run/netns/lh-foreign").st_ino, ip("-br", "link", "show", "lh-foreign0"))

    def kill_and_clean(self, process):
        """Kills it, and follows the advice that the other commands then give; returns what `clean` said."""
        foreign = self.make_foreign_things()
        before = foreign()
        self.assertFalse(process.ended(), process.err())
        self.addCleanup(self.ask, "clean")
        process.send(signal.SIGKILL)
        self.assertEqual(process.wait(), 128 + signal.SIGKILL)
        wait_until(lambda: not programs("longhaul-rank"), "the ranks to go with their run", 10)

        self.assertRegex(self.ask("doctor").stdout, r"(?m)^WARN  leftovers .*killed.*\n +mend: longhaul clean$")
        directories = self.run_directories()
        for words in (("run", "metro-light"), ("up", "metro-pair")):
            self.refused(self.ask(*words), 1, f"pid {process.pid}", "`longhaul clean`")
        self.refused(self.ask("status"), 1, "longhaul up")
        self.assertEqual(self.run_directories(), directories)

        done = self.ask("clean")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(foreign(), before)
        self.machine_is_as_before()
        again = self.ask("clean")
        self.assertEqual((again.returncode, again.stdout, again.stderr), (0, "nothing was left behind\n", ""))
        return done.stdout.splitlines()

    def all_hosts_were_removed(self, lines):
        for name in HOSTS:
            self.assertIn(f"removed namespace {name}", lines)
            self.assertIn(f"removed interface {name}", lines)
        self.assertEqual([line for line in lines if not line.startswith("removed ")], [])
        self.assertEqual([line for line in lines if "foreign" in line], [])

    def test_up_that_is_killed(self):
        process = self.up("metro-pair", "--congestion-control", "cubic")
        self.all_hosts_were_removed(self.kill_and_clean(process))

    def test_run_that_is_killed_between_collectives(self):
        process = self.start(*LONG_RUN, until=in_collectives)
        self.all_hosts_were_removed(self.kill_and_clean(process))
        # Without a manifest nobody takes it for the result of a run.
        self.assertEqual([name for path in self.run_directories() for name in os.listdir(path)], ["links.csv"])

    def test_run_that_is_killed_in_its_set_up(self):
        process = self.start(*LONG_RUN, until=in_set_up)
        lines = self.kill_and_clean(process)
        self.assertIn(f"removed namespace {HOSTS[0]}", lines)
        self.assertEqual([name for name in links() + namespaces() if name in HOSTS], [])

    def test_a_process_inside_a_host_ends_with_clean(self):
        process = self.up("metro-pair")
        inside = self.start("exec", "east0", "--", "sleep", "600", until=lambda p: p.pid in programs("sleep"))
        lines = self.kill_and_clean(process)
        self.assertIn(f"removed process {inside.pid} (sleep)", lines)
        self.assertEqual(inside.wait(10), 128 + signal.SIGTERM)


if __name__ == "__main__":
    tap.main()
