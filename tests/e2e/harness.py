# SPDX-License-Identifier: GPL-2.0-only
"""What the end-to-end cases share: the built programs, processes with deadlines, and what a testbed leaves behind.

There is one testbed per machine, and it may be somebody else's for a while: what is refused because of that is tried
again until a deadline. Every wait is for a condition. Whatever a case makes is registered for removal as it is made.
"""

import fcntl
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest

LONGHAUL = os.environ.get("LONGHAUL", "")
SOURCE = pathlib.Path(os.environ.get("LONGHAUL_SOURCE", "."))
STATE = pathlib.Path("/run/longhaul")
BUSY_SECONDS = 180  # for somebody else's testbed to end
QUICK = ["--set", "workload.sizes=[64 KiB, 1 MiB]", "--set", "workload.iterations=5"]
# How late frames leave is a busy machine's business; the judge's own tests are elsewhere.
PATIENT = ["--set", "trust.lateness_p99=1 s", "--set", "trust.lateness_invalid=10 s"]


def wait_until(condition, what, seconds=30):
    """The first true value of condition()."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.01)


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True, timeout=30).stdout


def namespaces():
    return [line.split()[0] for line in ip("netns", "list").splitlines() if line]


def links():
    return [link["ifname"] for link in json.loads(ip("-j", "link", "show"))]


def programs(name):
    """Pids of the living processes that run the program of that name."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "exe").readlink().name == name:
                found.append(int(entry.name))
        except OSError:  # it ended, or is a kernel thread
            continue
    return found


def xdp_programs():
    bpftool = shutil.which("bpftool", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if bpftool is None:
        return []
    listed = subprocess.run([bpftool, "-j", "prog", "list"], capture_output=True, text=True, timeout=30).stdout
    return [f"XDP program {p['id']}" for p in json.loads(listed or "[]") if p["type"] in ("xdp", "ext")]


def testbed_is_held():
    """Whether a living process holds the testbed's lock."""
    try:
        with open(STATE / "lock", "rb") as file:
            asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
            return struct.unpack("hhqqi4x", fcntl.fcntl(file, fcntl.F_OFD_GETLK, asked))[0] != fcntl.F_UNLCK
    except FileNotFoundError:
        return False


def traces(pids, foreign):
    """What there is on the machine of a testbed, and of DPDK in the processes with these pids; without the foreign."""
    found = [f"namespace {name}" for name in namespaces() if name.startswith("lh-") and name not in foreign]
    found += [f"interface {name}" for name in links() if name.startswith("lh-") and name not in foreign]
    found += [f"process {pid}" for pid in programs("longhaul-rank")]
    found += [f"{path}" for pid in pids for path in pathlib.Path("/var/run/dpdk").glob(f"longhaul-{pid}*")]
    found += [f"{path}" for path in (STATE, *STATE.glob("*")) if path.exists()]
    return found + [program for program in xdp_programs() if program not in foreign]


class Process:
    """`longhaul` in the background; its output goes to files that can be read at any time."""

    def __init__(self, case, words, prefix=()):
        number = len(case.pids)
        self.out_path = case.directory / f"{number}.out"
        self.err_path = case.directory / f"{number}.err"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.child = subprocess.Popen([*prefix, LONGHAUL, *words], stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=err, cwd="/" if prefix else case.directory)
        self.pid = self.child.pid
        case.pids.append(self.pid)
        case.addCleanup(self.end)

    def out(self):
        return self.out_path.read_text(encoding="utf-8")

    def err(self):
        return self.err_path.read_text(encoding="utf-8")

    def ended(self):
        return self.child.poll() is not None

    def send(self, number):
        self.child.send_signal(number)

    def wait(self, seconds=60):
        """The exit status, as a shell gives it."""
        status = self.child.wait(seconds)
        return status if status >= 0 else 128 - status

    def end(self):
        """For clean-up: takes it down whatever state it is in, and what it left if it had to be killed."""
        if self.ended():
            return
        self.send(signal.SIGTERM)
        try:
            self.child.wait(30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait(30)
            subprocess.run([LONGHAUL, "clean"], check=False, capture_output=True, timeout=60)


class EndToEnd(unittest.TestCase):
    """A directory to work in, and ways to meet the command as a user does."""

    maxDiff = None

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="longhaul-e2e-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.pids = []
        self.foreign = set(xdp_programs())

    def ask(self, *words, seconds=120, prefix=()):
        """Runs `longhaul` with these words to its end."""
        process = Process(self, words, prefix)
        status = process.wait(seconds)
        return subprocess.CompletedProcess(words, status, process.out(), process.err())

    def ask_for_testbed(self, *words, seconds=120, prefix=()):
        """The same for a command that wants the testbed, again and again while somebody else has it."""
        done = []

        def not_busy():
            done[:] = [self.ask(*words, seconds=seconds, prefix=prefix)]
            return not (done[0].returncode == 1 and "testbed is in use" in done[0].stderr)

        wait_until(not_busy, "the testbed to be free", BUSY_SECONDS)
        return done[0]

    def start(self, *words, until, prefix=()):
        """Starts a command that wants the testbed; returns it when until(process) holds."""
        started = []

        def is_there():
            if not started:
                started.append(Process(self, words, prefix))
            process = started[0]
            over = process.ended()  # asked first: what it said last is then in its files
            if until(process):
                return True
            if over and "testbed is in use" in process.err():
                started.clear()
            elif over:
                raise AssertionError(f"longhaul {' '.join(words)} ended: {process.out()}{process.err()}")
            return False

        wait_until(is_there, f"longhaul {' '.join(words)}", BUSY_SECONDS)
        return started[0]

    def up(self, *words, prefix=()):
        return self.start("up", *words, until=lambda process: "Ctrl-C ends it" in process.out(), prefix=prefix)

    def stop(self, process):
        process.send(signal.SIGINT)
        self.assertEqual(process.wait(), 0, process.err())

    def refused(self, done, status, *parts):
        """It said in one line why not, and nothing else."""
        self.assertEqual(done.returncode, status, done)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, r"\A[^\n]+\n\Z")
        for part in parts:
            self.assertIn(part, done.stderr)

    def status(self):
        done = self.ask("status", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def nothing_is_left(self, seconds=10):
        """What others do with the testbed after us is theirs, so their time does not count."""
        since = [time.monotonic()]

        def gone_or_too_late():
            found = traces(self.pids, self.foreign)
            if testbed_is_held():
                since[0] = time.monotonic()
            late = time.monotonic() > since[0] + seconds
            self.assertFalse(late and found, f"left behind: {found}")
            return not found

        wait_until(gone_or_too_late, "an empty machine", BUSY_SECONDS)

    def make_foreign_namespace(self, name):
        """Somebody else's network namespace; returns its identity."""
        self.addCleanup(ip, "netns", "del", name, check=False)
        self.foreign.add(name)
        ip("netns", "add", name)
        return os.stat(f"/run/netns/{name}").st_ino
