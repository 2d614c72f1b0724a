# SPDX-License-Identifier: GPL-2.0-only
"""Sends frames that no well-behaved host sends, from eth0 of the network namespace that it runs in.

Usage: raw_frames.py KIND DESTINATION-MAC COUNT. Kinds: storm (to everyone), unknown (to addresses that nobody has),
runt (a bare header), giant (1,500 B more than fits), garbage (random bytes, with every EtherType in turn).
Prints how many the kernel took.
"""

import random
import socket
import sys

SOURCE = bytes.fromhex("024c480000ee")
EXPERIMENT = b"\x88\xb5"  # IEEE 802's EtherType for experiments


def frames(kind, destination, mtu):
    """Endlessly; the random ones are the same each time."""
    dice = random.Random(4)
    number = 0
    while True:
        head = destination + SOURCE
        if kind == "storm":
            yield b"\xff" * 6 + SOURCE + EXPERIMENT + bytes(46)
        elif kind == "unknown":
            yield b"\x02\x4e" + dice.randbytes(4) + SOURCE + EXPERIMENT + bytes(46)
        elif kind == "runt":
            yield head + EXPERIMENT
        elif kind == "giant":
            yield head + EXPERIMENT + bytes(mtu)
        elif kind == "garbage":
            yield head + (number & 0xFFFF).to_bytes(2, "big") + dice.randbytes(dice.randrange(mtu))
        else:
            raise ValueError(f"no such kind: {kind}")
        number += 1


def main():
    kind, destination, count = sys.argv[1], bytes.fromhex(sys.argv[2].replace(":", "")), int(sys.argv[3])
    with open("/proc/net/dev", encoding="ascii") as file:
        assert any(line.strip().startswith("eth0:") for line in file)
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind(("eth0", 0))
    taken = 0
    for _, frame in zip(range(count), frames(kind, destination, 3000 if kind == "giant" else 1500)):
        try:
            out.send(frame)
            taken += 1
        except OSError:  # refused by the kernel: too short or too long for the interface, or no room
            continue
    print(taken)


main()
