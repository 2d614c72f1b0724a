# SPDX-License-Identifier: GPL-2.0-only
"""The `longhaul` command without a testbed: help, usage errors, list, check, doctor. Needs no privilege."""

import unittest

from harness import SOURCE, EndToEnd
import tap

COMMANDS = ("run", "check", "up", "exec", "status", "doctor", "clean", "list")
SCENARIOS = sorted(path.stem for path in (SOURCE / "scenarios/library").glob("*.yaml"))
TOPOLOGIES = sorted(path.stem for path in (SOURCE / "topologies/library").glob("*.yaml"))


class Help(EndToEnd):
    def test_general_help_names_every_command_and_the_exit_statuses(self):
        done = self.ask("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for command in COMMANDS:
            self.assertRegex(done.stdout, rf"(?m)^  {command} +\S")
        self.assertIn("Exit status: 0", done.stdout)

    def test_version_and_revision(self):
        done = self.ask("--version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\Alonghaul \d+\.\d+\.\d+ \([^)]+\)\n\Z")

    def test_help_of_each_command_has_an_example_of_it(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                done = self.ask(command, "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                usage, _, examples = done.stdout.partition("Examples:\n")
                self.assertIn(f"Usage: longhaul {command}", usage)
                self.assertIn("--help", usage)
                self.assertRegex(examples, rf"\A  longhaul {command}\b")

    def test_no_command_prints_the_help_as_an_error(self):
        done = self.ask()
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("Usage: longhaul COMMAND", done.stderr)


class UsageErrors(EndToEnd):
    def test_unknown_command(self):
        self.refused(self.ask("fly"), 2, "`fly`", "longhaul --help")

    def test_unknown_option(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                self.refused(self.ask(command, "--no-such-option"), 2, "--no-such-option", f"longhaul {command} --help")

    def test_missing_argument(self):
        for command in ("run", "check", "up"):
            with self.subTest(command=command):
                self.refused(self.ask(command), 2, "missing", f"longhaul {command} --help")
        self.refused(self.ask("exec", "--", "true"), 2, "missing", "longhaul exec --help")

    def test_too_many_arguments(self):
        self.refused(self.ask("check", "first-light", "metro-light"), 2)

    def test_value_of_the_wrong_kind(self):
        self.refused(self.ask("run", "first-light", "--seed", "many"), 2, "many")
        self.refused(self.ask("run", "first-light", "--seed", "-1"), 2, "-1")
        self.refused(self.ask("run", "first-light", "--cpu", "last"), 2, "last")

    def test_override_that_is_none(self):
        self.refused(self.ask("check", "first-light", "--set", "seed"), 2, "--set")

    def test_exec_without_a_command(self):
        self.refused(self.ask("exec", "atl0"), 2, "longhaul exec HOST -- ")


class Files(EndToEnd):
    def test_list_names_the_shipped_files(self):
        done = self.ask("list")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        scenarios, _, topologies = done.stdout.partition("Topologies (longhaul up NAME):\n")
        self.assertGreaterEqual(len(SCENARIOS), 2)
        for names, text in ((SCENARIOS, scenarios), (TOPOLOGIES, topologies)):
            listed = [line.split()[0] for line in text.splitlines() if line.startswith("  ")]
            self.assertEqual(listed, names)

    def test_what_check_prints_is_a_file_that_it_prints_again(self):
        for name in SCENARIOS + TOPOLOGIES:
            with self.subTest(name=name):
                first = self.ask("check", name)
                self.assertEqual((first.returncode, first.stderr), (0, ""))
                path = self.directory / f"{name}.yaml"
                path.write_text(first.stdout, encoding="utf-8")
                second = self.ask("check", str(path))
                self.assertEqual((second.returncode, second.stderr), (0, ""))
                self.assertEqual(second.stdout, first.stdout)

    def test_what_check_prints_is_yaml_to_others_too(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("python3-yaml is not installed")
        for name in SCENARIOS + TOPOLOGIES:
            with self.subTest(name=name):
                document = yaml.safe_load(self.ask("check", name, "--set", "description=changed").stdout)
                self.assertEqual((document["name"], document["description"]), (name, "changed"))

    def test_a_bad_file_is_refused_with_file_line_and_key(self):
        path = self.directory / "bad.yaml"
        path.write_text("name: bad\ntopology: metro-pair\nworkload:\n  kind: allreduce\n  sizes: [64 KiB]\n"
                        "  iterations: 0\n", encoding="utf-8")
        done = self.ask("check", str(path))
        self.refused(done, 2)
        self.assertRegex(done.stderr, r"\A\S*bad\.yaml:6: workload\.iterations: \S")

    def test_a_bad_override_is_refused_with_its_text(self):
        done = self.ask("check", "first-light", "--set", "topology.links.wan.loss=2")
        self.refused(done, 2, "topology.links.wan.loss")

    def test_a_name_that_nothing_has(self):
        self.refused(self.ask("check", "no-such-thing"), 2, "no-such-thing", "first-light")
        self.refused(self.ask("up", "no-such-thing"), 2, "no-such-thing", "metro-pair")

    def test_a_file_that_is_not_there(self):
        self.refused(self.ask("check", "./absent.yaml"), 2, "absent.yaml")


class Doctor(EndToEnd):
    def test_findings_have_a_level_and_what_is_not_right_has_a_remedy(self):
        done = self.ask("doctor")
        self.assertEqual(done.stderr, "")
        lines = done.stdout.splitlines()
        levels = []
        for line, following in zip(lines, lines[1:] + [""]):
            if line.lstrip().startswith("mend: "):
                continue
            self.assertRegex(line, r"\A(OK  |WARN|FAIL)  \S.{21} \S")
            levels.append(line[:4].strip())
            self.assertEqual(following.lstrip().startswith("mend: "), levels[-1] != "OK", line)
        self.assertGreaterEqual(len(levels), 10)
        self.assertEqual(done.returncode, 1 if "FAIL" in levels else 0)


if __name__ == "__main__":
    tap.main(needs_namespaces=False)
