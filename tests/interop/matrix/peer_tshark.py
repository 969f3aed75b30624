"""tshark, which reads a captured connection with our SSLKEYLOGFILE."""
import os
import re

from peer import Failure
from peer_openssl import OpenSSL
from relay import Relay
from suites import SUITES

CHOSEN = (0xc02b, 0xc037, 0x1301, 0x1303)


class Tshark(OpenSSL):
    name = 'tshark'
    how = 'read by'
    versions = ()
    commands = {'tshark': 'tshark', **OpenSSL.commands}
    values = {'key': ('p256', 'psk'), 'chosen_by': ('us',),
              'suite': [s for s in SUITES if s.number in CHOSEN],
              'verify': ('required',), 'mutual': (False, True),
              'alpn': (False,), 'form': ('pem',)}

    def rows(self):
        """One of each role, version, key and way to resume is enough."""
        seen = {}
        for row in super().rows():
            seen.setdefault((row.role, row.version, row.resume), row)
        return list(seen.values())

    def our_environment(self, row, bench):
        return {**super().our_environment(row, bench),
                'SSLKEYLOGFILE': bench.file('keys')}

    @staticmethod
    async def relay_to(bench, port):
        bench.relay = Relay(bench.file('pcap'), port)
        await bench.relay.start()
        return bench.relay.port

    async def start_our_server(self, row, bench, *steps):
        end, port = await super().start_our_server(row, bench, *steps)
        return end, await self.relay_to(bench, port)

    async def start_our_client(self, row, bench, port, *steps):
        port = await self.relay_to(bench, port)
        return await super().start_our_client(row, bench, port, *steps)

    async def make(self, row, bench):
        try:
            await super().make(row, bench)
        finally:
            await bench.relay.stop()
        if os.stat(bench.file('keys')).st_mode & 0o077:
            raise Failure('others may read the key log')
        for i in range(row.rounds):
            await self.read_capture(bench, i)

    @staticmethod
    async def read_capture(bench, i):
        tshark = await bench.start(
            'tshark', '-n', '-q', '-r', bench.file('pcap'),
            '-o', f'tls.keylog_file:{bench.file("keys")}',
            '-z', f'follow,tls,raw,{i}')
        await tshark.ends()
        # What the server sends is indented.
        sent = {'client': '', 'server': ''}
        for indent, data in re.findall(r'^(\t?)((?:[0-9a-f]{2})+)$',
                                       tshark.out.decode(), re.M):
            sent['server' if indent else 'client'] += data
        for who, data in sent.items():
            if bytes.fromhex(data) != bench.shared.payload:
                raise Failure(f'tshark reads {len(data) // 2} bytes of the '
                              f'{who} in connection {i + 1}, and not those '
                              'that were sent')
