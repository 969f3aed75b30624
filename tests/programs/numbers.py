"""Sockets by Zephyr's protocol numbers, with Python's own socket module.

numbers.py refused | client PORT | ask PORT | server PORT | echoed PORT
"""
import errno
import selectors
import socket
import struct
import sys

TLS_1_2, DTLS_1_2 = 258, 273
SOL_TLS, SEC_TAG_LIST, HOSTNAME = 282, 1, 2


def tls(tag):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, TLS_1_2)
    sock.setsockopt(SOL_TLS, SEC_TAG_LIST, struct.pack('i', tag))
    return sock


def connected(port):
    sock = tls(1)
    sock.settimeout(30)
    sock.setsockopt(SOL_TLS, HOSTNAME, b'localhost\0')
    sock.connect(('127.0.0.1', port))
    return sock


def receive(sock, length):
    data = b''
    while len(data) < length:
        part = sock.recv(length - len(data))
        if not part:
            break
        data += part
    return data


def refused():
    for kind, number in ((socket.SOCK_STREAM, 256), (socket.SOCK_STREAM, 258),
                         (socket.SOCK_DGRAM, 273)):
        try:
            socket.socket(socket.AF_INET, kind, number).close()
        except OSError as error:
            # 256 is SMC in newer kernels, for other families.
            assert error.errno in (errno.EPROTONOSUPPORT, errno.EINVAL), error
        else:
            raise AssertionError(f'{number} is a protocol')


def client(port):
    with connected(port) as sock:
        again = socket.socket(fileno=sock.fileno())
        print(f'protocol {again.proto}, type {int(again.type)},'
              f' family {int(again.family)}')
        again.detach()
        sock.send(b'hi')
        print('came', sock.recv(9).decode())
        sent = bytes(range(250)) * 800
        file = sock.makefile('rwb')
        for i in range(0, len(sent), 20000):
            file.write(sent[i:i + 20000])
            file.flush()
            assert file.read(20000) == sent[i:i + 20000]
        file.close()
        print('all', len(sent))
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(9) == b''


def ask(port):
    with connected(port) as sock:
        sock.sendall(b'asked')
        print(sock.recv(9))


def talk(selector, conn):
    try:
        data = conn.recv(4096)
    except BlockingIOError:
        return
    if data:
        conn.send(data.upper())
    selector.unregister(conn)
    conn.close()


def server(port):
    """One process, a loop by readiness, no call that waits."""
    selector = selectors.DefaultSelector()
    listener = tls(2)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(('127.0.0.1', port))
    listener.listen()
    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is not listener:
                talk(selector, key.fileobj)
                continue
            try:
                conn, _ = listener.accept()
            except BlockingIOError:
                continue
            conn.setblocking(False)
            selector.register(conn, selectors.EVENT_READ)


def echoed(port):
    """What a plain socket gets back, eight of them at once."""
    socks = [socket.create_connection(('127.0.0.1', port), 30)
             for _ in range(8)]
    for i, sock in enumerate(socks):
        for n in (1, 100, 2000):
            data = bytes([i]) * n
            sock.sendall(data)
            assert receive(sock, n) == data
    for sock in socks:
        sock.close()
    print('all echoed')


verb = globals()[sys.argv[1]]
verb(*map(int, sys.argv[2:]))
