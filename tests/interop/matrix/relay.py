"""A TCP relay that writes what passes through it as a capture file.

The kernel is not asked for the packets, which needs privileges, so their
headers are made up: a client at port 40000 and up, a server at port 443.
"""
import asyncio
import socket
import struct

CLIENT, SERVER = b'\x0a\x00\x00\x01', b'\x0a\x00\x00\x02'
FIRST_PORT, SERVER_PORT = 40000, 443
SYN, ACK, PSH, FIN = 0x02, 0x10, 0x08, 0x01
LINKTYPE_RAW = 101


class Capture:
    """The file, of which one packet after another is written."""

    def __init__(self, path):
        self.file = open(path, 'wb')  # closed by close
        self.file.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535,
                                    LINKTYPE_RAW))
        self.packets = 0

    def write(self, packet):
        self.packets += 1  # a second each, so that they have an order
        self.file.write(struct.pack('<IIII', self.packets, 0, len(packet),
                                    len(packet)) + packet)

    def close(self):
        self.file.close()


class Stream:
    """One connection in the capture."""

    def __init__(self, capture, number):
        self.capture = capture
        self.port = FIRST_PORT + number
        self.next = {True: 1000, False: 5000}  # sequence numbers, by client
        self.packet(True, SYN, counts=1)
        self.packet(False, SYN | ACK, counts=1)
        self.packet(True, ACK)

    def packet(self, by_client, flags, data=b'', counts=0):
        """counts is how many sequence numbers the flags take."""
        ports = (self.port, SERVER_PORT)
        addresses = (CLIENT, SERVER)
        if not by_client:
            ports, addresses = ports[::-1], addresses[::-1]
        acknowledged = self.next[not by_client] if flags & ACK else 0
        tcp = struct.pack('>HHIIBBHHH', *ports, self.next[by_client],
                          acknowledged, 5 << 4, flags, 65535, 0, 0)
        ip = struct.pack('>BBHHHBBH', 0x45, 0, 40 + len(data), 0, 0, 64,
                         socket.IPPROTO_TCP, 0) + b''.join(addresses)
        self.capture.write(ip + tcp + data)
        self.next[by_client] += len(data) + counts


class Relay:
    """Listens on a port of its own, and passes on to another one."""

    def __init__(self, path, target):
        self.capture = Capture(path)
        self.target = int(target)
        self.streams = 0
        self.tasks = []
        self.server = self.port = None

    async def start(self):
        self.server = await asyncio.start_server(self._accept, '127.0.0.1', 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _accept(self, reader, writer):
        self.tasks.append(asyncio.current_task())
        stream = Stream(self.capture, self.streams)
        self.streams += 1
        far_reader, far_writer = await asyncio.open_connection(
            '127.0.0.1', self.target)
        await asyncio.gather(self._pass_on(stream, True, reader, far_writer),
                             self._pass_on(stream, False, far_reader, writer))
        writer.close()
        far_writer.close()

    @staticmethod
    async def _pass_on(stream, by_client, reader, writer):
        try:
            while data := await reader.read(16384):
                stream.packet(by_client, PSH | ACK, data)
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except OSError:
            pass  # who has closed does not hear the rest
        stream.packet(by_client, FIN | ACK, counts=1)

    async def stop(self):
        """Once both sides have ended: what is under way is written yet."""
        self.server.close()
        if self.tasks:
            _, stuck = await asyncio.wait(self.tasks, timeout=5)
            for task in stuck:
                task.cancel()
        self.capture.close()
