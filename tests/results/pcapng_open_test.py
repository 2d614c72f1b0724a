# SPDX-License-Identifier: GPL-2.0-only
"""Opens the capture that write_capture makes with Wireshark's own reader, and with tcpdump where there is one.

Each record, its times, interfaces, ids and comments must be what write_capture says it wrote, and no frame may be
malformed in Wireshark's eyes. Usage: pcapng_open_test.py WRITE_CAPTURE. Exit 77: cannot run here.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

FIELDS = ["frame.time_epoch", "frame.interface_name", "frame.cap_len", "frame.len", "frame.packet_id",
          "frame.packet_flags_direction", "frame.comment"]


def output(*command):
    """What a command prints; it must succeed, within a minute."""
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def expect(seen, expected, what):
    if seen != expected:
        print(f"{what}: {seen!r} instead of {expected!r}")
        sys.exit(1)


def check_records(path, expected):
    arguments = [argument for field in FIELDS for argument in ("-e", field)]
    lines = output("tshark", "-n", "-r", path, "-T", "fields", *arguments).splitlines()
    expect(len(lines), len(expected), "records")
    for line, record in zip(lines, expected):
        fields = line.split("\t")
        fields[4:6] = [str(int(field, 0)) for field in fields[4:6]]
        expect(fields, record[:-1], "a record")
    faults = output("tshark", "-n", "-r", path, "-Y", "_ws.malformed or frame.len_lt_caplen")
    expect(faults, "", "malformed frames")
    raw = output("tshark", "-n", "-r", path, "-x").split("\n\n")
    dumps = ["".join(line[6:54].replace(" ", "") for line in dump.strip("\n").splitlines()) for dump in raw if dump.strip()]
    expect(dumps, [record[-1] for record in expected], "bytes")


def check_interfaces(path, expected):
    about = output("capinfos", path)
    expect("File type:           Wireshark/... - pcapng" in about, True, about)
    expect("Capture application: longhaul test" in about, True, about)
    for side in range(4):
        name = ["wan Atlanta -> Mount Pleasant", "wan Mount Pleasant -> Atlanta"][side // 2]
        name += [" ingress", " release"][side % 2]
        packets = sum(record[1] == name for record in expected)
        for text in (f"Name = {name}\n", "Filter string = udp\n", "Speed = 100000000000\n", "Encapsulation = Ethernet",
                     "Capture length = 70\n", "Time precision = nanoseconds (9)\n", "Number of stat entries = 1\n",
                     f"Number of packets = {packets}\n"):
            part = about.split(f"Interface #{side} info:")[1].split("Interface #")[0]
            expect(text in part, True, f"{text!r} in {part!r}")


def check_tcpdump(path, expected):
    lines = output("tcpdump", "-n", "-tt", "--nano", "-r", path).splitlines()
    expect([line.split()[0] for line in lines], [record[0] for record in expected], "times in tcpdump")


def main():
    for tool in ("tshark", "capinfos"):
        if shutil.which(tool) is None:
            print(f"skipped: {tool} is not installed")
            sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="longhaul-results-") as directory:
        path = str(pathlib.Path(directory) / "wan.pcapng")
        expected = [line.split("\t") for line in output(sys.argv[1], path).splitlines()]
        expect(len(expected), 80, "records written")
        check_records(path, expected)
        check_interfaces(path, expected)
        if shutil.which("tcpdump") is not None:
            check_tcpdump(path, expected)


main()
