"""A UDP relay for DTLS, that meddles with handshakes or writes a capture.

Data and alerts are passed on as they come: nobody would send them again.
"""
import asyncio
import itertools
import random
import socket
import struct

from relay import CLIENT, FIRST_PORT, SERVER, Capture

SERVER_PORT = 4433
MEDDLINGS, EVERY = 5, 3
DATAGRAM_MAX = 65536
HANDSHAKE = (20, 22)  # the type of a record, its first byte


def fates(seed, kinds):
    """What becomes of datagrams: of every few one is meddled with, so often
    that somebody who perseveres gets through.
    """
    chance = random.Random(seed)
    for _ in range(MEDDLINGS):
        when, kind = chance.randrange(EVERY), chance.choice(kinds)
        for i in range(EVERY):
            yield kind if i == when else 'passed'
    while True:
        yield 'passed'


class Flow:
    """One client and the server."""

    def __init__(self, relay):
        self.relay = relay
        self.address = None
        self.number = len(relay.flows)
        self.fates = relay.meddling(self.number)
        self.late = {True: [], False: []}  # by client, until the next one
        self.back = relay.open_socket(self.from_server)
        self.back.connect(('127.0.0.1', relay.target))

    def from_client(self, data):
        self.meddle(data, True, self.back.send)

    def from_server(self):
        try:
            data = self.back.recv(DATAGRAM_MAX)
        except OSError:  # the server is not there any more
            return
        self.meddle(data, False, lambda datagram: self.relay.front.sendto(
            datagram, self.address))

    def meddle(self, data, by_client, send):
        fate = next(self.fates) if data[0] in HANDSHAKE else 'passed'
        self.relay.lost += fate == 'lost'
        now = {'passed': [data], 'lost': [], 'twice': [data, data],
               'late': []}[fate]
        now += self.late[by_client]
        self.late[by_client] = [data] if fate == 'late' else []
        for datagram in now:
            if self.relay.capture is not None:
                self.write(datagram, by_client)
            try:
                send(datagram)
            except OSError:
                pass  # as above

    def write(self, data, by_client):
        ports = (FIRST_PORT + self.number, SERVER_PORT)
        addresses = (CLIENT, SERVER)
        if not by_client:
            ports, addresses = ports[::-1], addresses[::-1]
        udp = struct.pack('>HHHH', *ports, 8 + len(data), 0)
        ip = struct.pack('>BBHHHBBH', 0x45, 0, 28 + len(data), 0, 0, 64,
                         socket.IPPROTO_UDP, 0) + b''.join(addresses)
        self.relay.capture.write(ip + udp + data)


class UdpRelay:
    """Has a port of its own, and passes on to another one.

    meddling gives the fates of the datagrams of a client, by its number.  If
    merged, all clients have one address, as if each had taken the last one's.
    """

    def __init__(self, target, meddling=None, capture=None, merged=False):
        self.target = int(target)
        self.merged = merged
        self.meddling = meddling or (lambda _: itertools.repeat('passed'))
        self.capture = Capture(capture) if capture is not None else None
        self.flows = {}
        self.sockets = []
        self.lost = 0
        self.front = self.open_socket(self.from_clients)
        self.front.bind(('127.0.0.1', 0))
        self.port = self.front.getsockname()[1]

    def open_socket(self, reader):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setblocking(False)
        asyncio.get_running_loop().add_reader(s, reader)
        self.sockets.append(s)
        return s

    def from_clients(self):
        try:
            data, address = self.front.recvfrom(DATAGRAM_MAX)
        except OSError:  # a client that is not there any more
            return
        key = None if self.merged else address
        if key not in self.flows:
            self.flows[key] = Flow(self)
        self.flows[key].address = address
        self.flows[key].from_client(data)

    def stop(self):
        """Once both sides have ended; a second time it does nothing."""
        while self.sockets:
            s = self.sockets.pop()
            asyncio.get_running_loop().remove_reader(s)
            s.close()
        if self.capture is not None:
            self.capture.close()
