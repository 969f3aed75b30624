"""A way of UDP to 127.0.0.1 on which one datagram gets lost.

usage: lossy.py PORT to|from

Says which port it listens on, and carries datagrams of one client to PORT and
back until it is killed, but for the first one to or from the server that has
application data of DTLS.
"""
import select
import socket
import sys

APPLICATION_DATA = 23


def udp():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def main():
    server = ('127.0.0.1', int(sys.argv[1]))
    near, far = udp(), udp()
    near.bind(('127.0.0.1', 0))
    far.connect(server)
    lossy = {'to': near, 'from': far}[sys.argv[2]]
    print('listening on', near.getsockname()[1], flush=True)
    client = None
    while True:
        for source in select.select([near, far], [], [])[0]:
            data, sender = source.recvfrom(65536)
            if source is lossy and data[:1] == bytes([APPLICATION_DATA]):
                lossy = None
            elif source is near:
                client = sender
                far.send(data)
            elif client:
                near.sendto(data, client)


main()
