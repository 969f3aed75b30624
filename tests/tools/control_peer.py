"""The other end of a control socket, for control.sh: not quite what is expected.

  cut PATH N    a server that says HELLO, and ends N bytes into what comes next
  tags PATH N   a server whose open sockets use N tags, whatever is changed
  old PATH      a server that speaks version 9 only
  junk PATH     a server of another protocol
  count PATH    a server; prints how many bytes its first client has sent
  fill PATH     a client, again and again until the queue is full; then waits
  flood PATH N  N clients, one after the other
  apply PATH    clients that end, or only stop sending, before each byte of a
                change; prints how many it has, and makes it after a line of input
"""
import os
import signal
import socket
import struct
import sys

ADD, DELETE, PSK_ID = 0, 2, 5


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


def tags(path, n):
    def answer(c):
        c.sendall(hello(read_frame(c)))
        ident = read_frame(c)
        if ident:
            c.sendall(frame(133, ident, number(23, 1),
                            *(number(27, 100 + i) for i in range(n))))
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


def apply(path):
    """A delete and two adds; the whole of it would be done."""
    ops = [struct.pack('>III', kind, tag, PSK_ID) + value
           for kind, tag, value in
           ((DELETE, 3, b''), (ADD, 71, b'one'), (ADD, 72, b'two'))]
    change = frame(4, 2, *(field(0x8000 | 66, op) for op in ops))
    def begin(s):
        s.settimeout(10)
        s.connect(path)
        s.sendall(frame(1, 1, field(1, b'peer'), number(2, 1)))
        read_frame(s)

    for shut in (False, True):
        for n in range(len(change)):
            with socket.socket(socket.AF_UNIX) as s:
                begin(s)
                s.sendall(change[:n])
                if shut:
                    s.shutdown(socket.SHUT_WR)
                    # It hangs up, with or without a word.
                    while s.recv(4096):
                        pass
    print(len(change), flush=True)
    input()
    with socket.socket(socket.AF_UNIX) as s:
        begin(s)
        s.sendall(change)
        print('done' if read(s, 4)[3] == 133 else 'refused', flush=True)


globals()[sys.argv[1]](sys.argv[2], *map(int, sys.argv[3:]))
