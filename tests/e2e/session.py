# SPDX-License-Identifier: GPL-2.0-only
"""Both ends of a session of numbered messages over TCP, like a shell's: the next goes when the last was answered.

answer PORT                  takes one session and answers each message; prints "listening", and how many in the end
talk ADDRESS PORT [COUNT]    prints, for each message that came back as it was sent, its number and the round trip in
                             ms; ends after COUNT or at SIGTERM
"""

import signal
import socket
import struct
import sys
import time

SIZE = 512
PATIENCE_S = 20


def message(number):
    return struct.pack("!I", number) * (SIZE // 4)


def whole(connection):
    data = b""
    while len(data) < SIZE:
        more = connection.recv(SIZE - len(data))
        if not more:
            break
        data += more
    return data


def answer(port):
    with socket.create_server(("0.0.0.0", int(port))) as server:
        print("listening", flush=True)
        connection = server.accept()[0]
    number = 0
    while data := whole(connection):
        if data != message(number):
            sys.exit(f"not message {number} but {data[:8]}")
        connection.sendall(data)
        number += 1
    print(number)


def talk(address, port, count=sys.maxsize):
    last = []
    signal.signal(signal.SIGTERM, lambda *_: last.append(True))
    with socket.create_connection((address, int(port)), timeout=PATIENCE_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(int(count)):
            began = time.monotonic()
            connection.sendall(message(number))
            if whole(connection) != message(number):
                sys.exit(f"the answer to message {number} is another")
            print(number, (time.monotonic() - began) * 1e3, flush=True)
            if last:
                break
            time.sleep(0.002)  # a person types slower


{"answer": answer, "talk": talk}[sys.argv[1]](*sys.argv[2:])
