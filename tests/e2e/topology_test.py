# SPDX-License-Identifier: GPL-2.0-only
"""`longhaul topology`: files of other tools in, files that `check` accepts out. Needs no privilege and no testbed."""

from harness import EndToEnd
import tap

RACKS = """7 2 7
4 5
0 4 100Gbps 0.001ms 0
1 4 100Gbps 0.001ms 0
2 5 100Gbps 0.001ms 0
3 5 100Gbps 0.001ms 0
4 5 400Gbps 5ms 0.000001
6 4 25Gbps 0.001ms 0
6 5 25Gbps 0.001ms 0
"""
KINDS = ("fat-tree", "rail-pod", "multi-plane", "torus", "mesh", "hub")


class Import(EndToEnd):
    def write(self, name, text):
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def test_what_is_imported_checks_and_the_report_is_apart(self):
        source = self.write("racks.txt", RACKS)
        piped = self.ask("topology", "import", source)
        self.assertEqual(piped.returncode, 0)
        self.assertIn("3 a link\n", piped.stderr)
        out = self.directory / "racks.yaml"
        filed = self.ask("topology", "import", source, "--out", str(out))
        self.assertEqual((filed.returncode, filed.stderr, filed.stdout), (0, "", piped.stderr))
        self.assertEqual(out.read_text(encoding="utf-8"), piped.stdout)
        checked = self.ask("check", str(out))
        self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def test_flows_are_written_beside_it(self):
        source = self.write("racks.txt", RACKS)
        flows = self.write("flow.txt", "1\n0 2 3 4791 200000000 0.25\n")
        table = self.directory / "flows.csv"
        done = self.ask("topology", "import", source, "--flows", flows, "--flows-out", str(table))
        self.assertEqual(done.returncode, 0)
        self.assertEqual(table.read_text(encoding="utf-8"),
                         "from,to,priority,port,bytes,start_s\nh0,h2,3,4791,200000000,0.25\n")

    def test_what_cannot_be_mapped_is_refused_with_file_and_line(self):
        source = self.write("racks.txt", RACKS.replace("5ms", "50s"))
        self.refused(self.ask("topology", "import", source), 2, "racks.txt:7: delay: 50 s is too long")
        self.refused(self.ask("topology", "import", source, "--format", "gml"), 2, "hpcc, graphml, containerlab")
        self.refused(self.ask("topology", "import", self.write("words", "Hello\n")), 2, "--format hpcc")
        self.refused(self.ask("topology", "import", source, "--flows", source), 2, "--flows-out")
        self.refused(self.ask("topology", "import", source, "--rate", "2 Tbit/s"), 2, "--rate 2 Tbit/s: allowed")


class Generate(EndToEnd):
    def test_every_kind_checks(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                out = self.directory / f"{kind}.yaml"
                done = self.ask("topology", "generate", kind, "--out", str(out))
                self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
                self.assertEqual(self.ask("check", str(out)).returncode, 0)

    def test_help_lists_kinds_and_ranges(self):
        text = self.ask("topology", "generate", "--help").stdout
        for kind in KINDS:
            self.assertIn(f"\n{kind}: ", text)
        self.assertIn("2 to 24, even", text)

    def test_a_range_is_named(self):
        self.refused(self.ask("topology", "generate", "fat-tree", "k=26"), 2, "allowed: 2 to 24, even")


class Export(EndToEnd):
    def test_a_shipped_topology_becomes_a_graph(self):
        done = self.ask("topology", "export", "three-site-ring", "--format", "dot")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(done.stdout.startswith('graph "three-site-ring" {\n'))
        self.assertEqual(done.stdout.count(" -- "), 3)

    def test_another_format_is_refused(self):
        self.refused(self.ask("topology", "export", "three-site-ring", "--format", "png"), 2, "allowed: dot")


if __name__ == "__main__":
    tap.main(needs_namespaces=False)
