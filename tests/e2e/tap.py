# SPDX-License-Identifier: GPL-2.0-only
"""Runs the unittest cases of a module and reports each in the Test Anything Protocol (version 12), which meson reads.

A module that cannot run here says so in its plan, `1..0 # SKIP why`; so does a case. SIGTERM and SIGHUP end the case
at hand as an error, so that what it made is removed, and no further case starts.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import traceback
import unittest


class Terminated(Exception):
    """A signal asked us to end."""


class TapResult(unittest.TestResult):
    def __init__(self, total):
        super().__init__()
        self.number = 0
        self.reason = None
        self.problems = []
        print(f"1..{total}", flush=True)

    def startTest(self, test):
        super().startTest(test)
        self.reason, self.problems = None, []

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.reason = reason

    def _note(self, error):
        self.problems.append("".join(traceback.format_exception(*error)))

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._note(error)

    def addError(self, test, error):
        super().addError(test, error)
        self._note(error)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.problems.append(f"{subtest}")
            self._note(error)

    def stopTest(self, test):
        self.number += 1
        name = test.id().removeprefix("__main__.")
        skip = f" # SKIP {self.reason}" if self.reason is not None else ""
        print(f"{'not ok' if self.problems else 'ok'} {self.number} - {name}{skip}")
        for line in "\n".join(self.problems).splitlines():
            print(f"# {line}")
        sys.stdout.flush()
        super().stopTest(test)


def why_no_namespaces():
    """Why hosts in network namespaces cannot be made here; nothing when they can."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("ip", "ping", "unshare"):
        if shutil.which(program) is None:
            return f"`{program}` is not installed"
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, text=True, timeout=30)
    return f"no network namespaces: {tried.stderr.strip()}" if tried.returncode != 0 else ""


def why_not(needs_namespaces):
    for variable in ("LONGHAUL", "LONGHAUL_SOURCE", *(["LONGHAUL_RANK"] if needs_namespaces else [])):
        if not pathlib.Path(os.environ.get(variable, "/nowhere")).exists():
            return f"the environment variable {variable} does not name what was built; run this through meson"
    return why_no_namespaces() if needs_namespaces else ""


def main(needs_namespaces=True):
    """Runs the cases of the calling script, or those that its arguments name; ends the process."""
    reason = why_not(needs_namespaces)
    if reason:
        print(f"1..0 # SKIP {reason}")
        sys.exit(0)
    if needs_namespaces:  # of a run that was killed earlier; what a living one holds is refused, and waited for later
        subprocess.run([os.environ["LONGHAUL"], "clean"], check=False, capture_output=True, timeout=60)
    loader = unittest.TestLoader()
    module = sys.modules["__main__"]
    names = sys.argv[1:]
    suite = loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)
    result = TapResult(suite.countTestCases())

    def end(number, _):
        result.stop()
        raise Terminated(signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    suite.run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
