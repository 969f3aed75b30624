"""A server with Python's own TLS: peer.py PORT PKI MODE.

page    answers whatever HTTP request with www/px of PKI's parent, 50000 bytes
echo    sends back what it gets, and closes when the other end has
silent  takes connections and never says a word
strange page, with a certificate of a CA that nobody knows

What is wrong with a connection is a line on stdout, "bad: ...".
"""
import pathlib
import socket
import ssl
import sys
import threading


def page(sock, body):
    request = b''
    while b'\r\n\r\n' not in request:
        got = sock.recv(4096)
        if not got:
            return
        request += got
    sock.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'
                 b'Content-Length: %d\r\nConnection: close\r\n\r\n' % len(body))
    sock.sendall(body)
    # Until the client is done, lest it lose what is on its way.
    sock.settimeout(10)
    while sock.recv(4096):
        pass


def echo(sock, _):
    while got := sock.recv(65536):
        sock.sendall(got)


def serve(conn, context, work, body):
    try:
        with conn, context.wrap_socket(conn, server_side=True) as sock:
            work(sock, body)
            try:
                sock.unwrap()
            except (OSError, ValueError):
                pass  # it has gone already
    except (OSError, ValueError) as error:
        print('bad:', error, flush=True)


def main():
    port, pki, mode = int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    end = pki / 'server'
    body = (pki.parent / 'www/px').read_bytes()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if mode == 'strange':
        end = pki.parent / 'strangers/server'
    context.load_cert_chain(f'{end}-cert.pem', f'{end}-key.pem')
    kept = []
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(('127.0.0.1', port))
        listener.listen(64)
        while True:
            conn, _ = listener.accept()
            if mode == 'silent':
                kept.append(conn)
                continue
            threading.Thread(target=serve, daemon=True, args=(
                conn, context, echo if mode == 'echo' else page, body)).start()


main()
