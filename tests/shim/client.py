#!/usr/bin/env python3
"""Clients of the peer's, of plain sockets, by the ways that Python has."""

import asyncio
import errno
import os
import select
import selectors
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

PORT = int(os.environ["PEER_PORT"])
PLAIN = "PEER_PLAIN" in os.environ


def dial():
    return socket.create_connection(("127.0.0.1", PORT), timeout=20)


def must_echo(sock, data):
    sock.sendall(data)
    got = b""
    while len(got) < len(data):
        more = sock.recv(65536)
        assert more, "the end"
        got += more
    assert got == data


def by_sevens(wait):
    sock = dial()
    data = os.urandom(3000)
    sock.sendall(data)
    sock.setblocking(False)
    got = b""
    ready = wait(sock)
    while len(got) < len(data):
        assert ready(1), f"nothing after {len(got)}"
        try:
            got += sock.recv(7)
        except BlockingIOError:
            pass
    assert got == data


def epoll():
    def wait(sock):
        poller = select.epoll()
        poller.register(sock, select.EPOLLIN)
        return poller.poll

    by_sevens(wait)


def by_select():
    by_sevens(lambda sock: lambda s: select.select([sock], [], [], s)[0])


def by_selectors():
    def wait(sock):
        selector = selectors.DefaultSelector()
        selector.register(sock, selectors.EVENT_READ)
        return selector.select

    by_sevens(wait)


def by_asyncio():
    async def talk():
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        data = os.urandom(200000)
        writer.write(data)
        got = b""
        while len(got) < len(data):
            more = await asyncio.wait_for(reader.read(1000), 5)
            assert more
            got += more
        assert got == data
        writer.close()
        await writer.wait_closed()

    async def all_of_them():
        await asyncio.gather(*(talk() for _ in range(4)))

    asyncio.run(all_of_them())


def vfork():
    sock = dial()
    for _ in range(5):
        assert subprocess.run(["true"], check=True).returncode == 0
        must_echo(sock, b"after a child")


def subprocesses():
    sock = dial()
    for _ in range(50):
        done = subprocess.run(["cat"], input=b"text", capture_output=True,
                              check=True)
        assert done.stdout == b"text"
    must_echo(sock, b"after fifty")


ATTEMPT = """
import os, socket, sys
fd = int(sys.argv[1])
for what in (lambda: os.write(fd, b"SECRET"), lambda: os.read(fd, 1)):
    try:
        what()
        sys.exit("it is open")
    except OSError as e:
        if e.errno != 9:
            sys.exit(f"errno {e.errno}")
"""


def by_exec():
    """A program that is given the connection, by pass_fds and by exec."""
    sock = dial()
    must_echo(sock, b"before")
    if not PLAIN:
        fd = str(sock.fileno())
        subprocess.run([sys.executable, "-c", ATTEMPT, fd],
                       pass_fds=[sock.fileno()], check=True)
        subprocess.run([sys.executable, "-c", ATTEMPT, fd], env={},
                       pass_fds=[sock.fileno()], check=True)
        must_echo(sock, b"after")
        sock.set_inheritable(True)
        os.execv(sys.executable, [sys.executable, "-c", ATTEMPT, fd])


def sendfile():
    sock = dial()
    data = os.urandom(300000)
    with tempfile.TemporaryFile() as f:
        f.write(data)
        f.flush()
        f.seek(1000)
        sender = threading.Thread(target=lambda: sock.sendfile(f, 1000))
        sender.start()
        got = b""
        while len(got) < len(data) - 1000:
            got += sock.recv(65536)
        sender.join()
    assert got == data[1000:]


def copyfileobj():
    sock = dial()
    data = os.urandom(30000)
    with tempfile.TemporaryFile() as f, sock.makefile("rwb") as stream:
        f.write(data)
        f.seek(0)
        shutil.copyfileobj(f, stream)
        stream.flush()
        assert stream.read(len(data)) == data


def number():
    """A socket of a protocol number, found again by its descriptor."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 258)
    sock.setsockopt(282, 1, struct.pack("i", 1))
    sock.setsockopt(282, 2, b"localhost\0")
    sock.connect(("127.0.0.1", PORT))
    again = socket.socket(fileno=os.dup(sock.fileno()))
    assert (again.family, again.type, again.proto) == (2, 1, 258), again
    must_echo(again, b"by number")


def threads():
    failures = []

    def talk():
        try:
            sock = dial()
            for i in range(50):
                must_echo(sock, os.urandom(i * 50 + 1))
            sock.close()
        except Exception as e:  # pylint: disable=broad-except
            failures.append(e)

    workers = [threading.Thread(target=talk) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures, failures


def openssl():
    must_echo(dial(), b"beside")
    ssl.create_default_context()
    print(ssl.OPENSSL_VERSION)


def mute():
    async def try_it():
        began = time.monotonic()
        try:
            await asyncio.wait_for(
                asyncio.open_connection("127.0.0.1", PORT), 20)
        except OSError as e:
            assert e.errno in (errno.ECONNABORTED, errno.ETIMEDOUT), e
        else:
            raise AssertionError("there is a connection")
        assert time.monotonic() - began < 5

    asyncio.run(try_it())


VERBS = {
    "asyncio": by_asyncio, "copyfileobj": copyfileobj, "epoll": epoll,
    "exec": by_exec, "mute": mute, "number": number, "openssl": openssl,
    "select": by_select, "selectors": by_selectors, "sendfile": sendfile,
    "subprocesses": subprocesses, "threads": threads, "vfork": vfork,
}

if __name__ == "__main__":
    VERBS[sys.argv[1]]()
