# SPDX-License-Identifier: GPL-2.0-only
"""What a host does in the cases about the fabric; runs in its network namespace.

receive PORT                  takes one TCP connection to its end; prints "listening", then how many bytes, their digest
send ADDRESS PORT BYTES       sends so many over TCP; prints the digest
flows ADDRESS FLOWS FRAMES    sends so many UDP datagrams of each flow, in turn; a flow is a source port from 20000
                              on, a datagram carries its number, 4 B
frames MAC COUNT [VLAN]       sends frames to that address, tagged when there is a VLAN; each carries its number
watch COUNT                   prints "watching", then of each such frame that comes in "NUMBER VLAN PRIORITY", VLAN 0
                              without a tag; ends after so many
"""

import hashlib
import random
import select
import socket
import struct
import sys
import time

EXPERIMENT = 0x88B5  # IEEE 802's EtherType for experiments
PRIORITY = 5
SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID = 263, 8, 1 << 4


def receive(port):
    server = socket.create_server(("0.0.0.0", int(port)))
    print("listening", flush=True)
    connection = server.accept()[0]
    connection.settimeout(60)
    digest, count = hashlib.sha256(), 0
    while data := connection.recv(1 << 18):
        digest.update(data)
        count += len(data)
    print(count, digest.hexdigest())


def send(address, port, count):
    data = random.Random(4).randbytes(int(count))
    with socket.create_connection((address, int(port)), timeout=60) as connection:
        connection.sendall(data)
    print(hashlib.sha256(data).hexdigest())


def flows(address, count, frames):
    sockets = []
    for flow in range(int(count)):
        sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sockets[-1].bind(("0.0.0.0", 20000 + flow))
    sockets[0].sendto(bytes(4), (address, 8))  # resolves the address: what waits for that may be thrown away
    deadline = time.monotonic() + 30
    while not resolved(address) and time.monotonic() < deadline:
        time.sleep(0.001)
    for number in range(int(frames)):
        for flow in sockets:
            flow.sendto(struct.pack("!I", number), (address, 9))


def resolved(address):
    with open("/proc/net/arp", encoding="ascii") as file:
        return any(line.split()[0] == address and line.split()[2] == "0x2" for line in file)


def raw(interface="eth0"):
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # of every EtherType
    opened.bind((interface, 0))
    return opened


def frames(destination, count, vlan="0"):
    out = raw()
    tag = struct.pack("!HH", 0x8100, PRIORITY << 13 | int(vlan)) if int(vlan) else b""
    head = bytes.fromhex(destination.replace(":", "")) + out.getsockname()[4] + tag + struct.pack("!H", EXPERIMENT)
    for number in range(int(count)):
        out.send(head + struct.pack("!I", number) + bytes(46))


def watch(count):
    incoming = raw()
    incoming.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    print("watching", flush=True)
    left = int(count)
    while left:
        select.select([incoming], [], [])
        data, beside, _, sender = incoming.recvmsg(2048, 256)
        if sender[2] == socket.PACKET_OUTGOING:
            continue
        tag, kind, at = 0, struct.unpack_from("!H", data, 12)[0], 14
        for level, what, value in beside:  # the kernel takes the tag out of the frame
            status, tci = struct.unpack_from("=I", value)[0], struct.unpack_from("=H", value, 16)[0]
            if (level, what) == (SOL_PACKET, PACKET_AUXDATA) and status & TP_STATUS_VLAN_VALID:
                tag = tci
        if kind == 0x8100:
            tag, kind, at = *struct.unpack_from("!HH", data, 14), 18
        if kind != EXPERIMENT:
            continue
        print(struct.unpack_from("!I", data, at)[0], tag & 0xFFF, tag >> 13, flush=True)
        left -= 1


{"receive": receive, "send": send, "flows": flows, "frames": frames, "watch": watch}[sys.argv[1]](*sys.argv[2:])
