"""The other end of a control socket, for control.sh: not quite what is expected.

  cut PATH N    a server that says HELLO, and ends N bytes into what comes next
  old PATH      a server that speaks version 9 only
  junk PATH     a server of another protocol
  count PATH    a server; prints how many bytes its first client has sent
  fill PATH     a client, again and again until the queue is full; then waits
  flood PATH N  N clients, one after the other
"""
import os
import signal
import socket
import struct
import sys


def field(tag, data):
    return struct.pack('>HI', tag, len(data)) + data


def number(tag, value):
    return field(tag, struct.pack('>I', value))


def frame(kind, ident, *fields):
    body = b''.join(fields)
    return b'ZC' + bytes([1, kind]) + struct.pack('>II', ident, len(body)) + body


def listen(path):
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    s.listen(8)
    print('ready', flush=True)
    return s


def read(c, n):
    data = b''
    while len(data) < n:
        more = c.recv(n - len(data))
        if not more:
            break
        data += more
    return data


def read_frame(c):
    """Its id."""
    head = read(c, 12)
    if len(head) < 12:
        return 0
    read(c, struct.unpack('>I', head[8:])[0])
    return struct.unpack('>I', head[4:8])[0]


def hello(ident):
    return frame(129, ident, number(2, 1), number(3, os.getpid()),
                 field(4, b'fake'), field(5, b'/fake'), number(6, 3),
                 field(7, struct.pack('>Q', 1)), number(8, 0))


def serve(path, answer):
    s = listen(path)
    while True:
        c, _ = s.accept()
        answer(c)
        c.close()


def cut(path, n):
    """The first clients may want no more than to look who is there."""
    def answer(c):
        c.sendall(hello(read_frame(c)))
        first = c.recv(1, socket.MSG_PEEK)
        if first and len(read(c, n)) == n:
            os._exit(0)
    serve(path, answer)


def old(path):
    serve(path, lambda c: c.sendall(frame(255, read_frame(c), number(15, 93),
                                          number(22, 9), number(2, 9))))


def junk(path):
    serve(path, lambda c: c.sendall(b'220 ready\r\n' * 10))


def count(path):
    c, _ = listen(path).accept()
    print(len(read(c, 1 << 20)), flush=True)


def fill(path):
    held = []
    try:
        while True:
            s = socket.socket(socket.AF_UNIX)
            s.setblocking(False)
            s.connect(path)
            held.append(s)
    except BlockingIOError:
        print('ready', flush=True)
    signal.pause()


def flood(path, n):
    for _ in range(n):
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(path)


globals()[sys.argv[1]](sys.argv[2], *map(int, sys.argv[3:]))
