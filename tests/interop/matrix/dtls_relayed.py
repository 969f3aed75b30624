"""DTLS through a relay: handshakes that lose datagrams, and captures."""
import dataclasses
import os
import re

import rows
from dtls import Datagrams, DtlsMbedTLS, DtlsOpenSSL
from peer import Peer
from procs import Failure
from relay_udp import SERVER_PORT, UdpRelay, fates
from suites import DTLS_SUITES

NUMBERS = {s.number: s for s in DTLS_SUITES}
SEEDS = 6
PATIENCE = '50,1600'  # ms: six times each flight, which is one too many
MEDDLING = (('lost',), ('lost', 'twice', 'late'))
BY_MBEDTLS = (('lost',), ('lost', 'twice'))  # a late one is a client to it
LOSSY = (('p256', 0xc0ae, True, 'chain'), ('rsa', 0xc02f, True, 'chain'),
         ('psk', 0xc0a8, False, 'pem'), ('psk', 0xc037, False, 'pem'))
READ = (('p256', 0xc02b, True, 'pem'), ('psk', 0xc0a8, False, 'pem'))


@dataclasses.dataclass(frozen=True)
class LossyRow(rows.Row):
    seed: int = 0
    kinds: tuple = ('lost',)

    def __str__(self):
        return f'{super().__str__()}, {" or ".join(self.kinds)} by seed ' \
            f'{self.seed}'


def lossy_rows(roles, meddling, resume):
    """Every kind of handshake with every seed, the rest by turns."""
    n = 0
    for key, number, mutual, form in LOSSY:
        for seed in range(SEEDS):
            row = LossyRow('client', key, NUMBERS[number], 'us', 'required',
                           mutual, resume[seed % len(resume)], False, form,
                           seed=seed,
                           kinds=meddling[seed % len(meddling)])
            yield row if roles[n % len(roles)] == 'client' else as_server(row)
            n += 1


def as_server(row):
    """The other side of the row of a client."""
    asks = row.mutual or row.by_psk
    return dataclasses.replace(row, role='server',
                               verify='required' if asks else 'none')


class Relayed(Datagrams):
    """Our client goes to the relay, or who comes to our server."""
    relay_of = None  # (row, bench): the relay's arguments

    async def start_our_server(self, row, bench, *steps, **more):
        end, port = await super().start_our_server(row, bench, *steps, **more)
        return end, self.relay_to(row, bench, port)

    async def start_our_client(self, row, bench, port, *steps):
        if not bench.relays:
            port = self.relay_to(row, bench, port)
        return await super().start_our_client(row, bench, port, *steps)

    def relay_to(self, row, bench, port):
        bench.relays.append(UdpRelay(port, **self.relay_of(row, bench)))
        return bench.relays[-1].port


    def scenes(self):
        return []


class Lossy(Relayed):
    versions = ()
    @staticmethod
    def relay_of(row, _bench):
        return {'meddling': lambda number: fates(row.seed + number * SEEDS,
                                                 row.kinds)}

    async def make(self, row, bench):
        bench.resend = PATIENCE
        await super().make(row, bench)
        if row.kinds == ('lost',) and bench.relays[0].lost == 0:
            raise Failure('nothing was lost')


class LossyMbedTLS(Lossy, DtlsMbedTLS):
    name = 'dtls-lossy-mbedtls'

    def rows(self):
        return lossy_rows(('client', 'server'), BY_MBEDTLS, ('no',))


class LossyItself(Lossy, Peer):
    """Our client and our server; rows are the client's."""
    name = 'dtls-lossy'

    def rows(self):
        return lossy_rows(('client',), MEDDLING, ('no', 'no', 'ticket'))

    async def serve(self, row, bench):
        server, port = await self.start_our_server(
            as_server(row), bench)
        client = await self.start_our_client(row, bench, port,
                                             *self.steps(bench, 'client'))
        await client.ends()
        await server.ends()
        return []


class DtlsTshark(Relayed, DtlsOpenSSL):
    """Reads a captured connection with our SSLKEYLOGFILE."""
    name = 'dtls-tshark'
    how = 'read by'
    versions = ()
    commands = {'tshark': 'tshark', **DtlsOpenSSL.commands}

    def rows(self):
        ours = [rows.Row('client', key, NUMBERS[number], 'us', 'required',
                         mutual, 'no', False, form)
                for key, number, mutual, form in READ]
        return ours + [as_server(row) for row in ours]

    def our_environment(self, row, bench):
        return {**super().our_environment(row, bench),
                'SSLKEYLOGFILE': bench.file('keys')}

    @staticmethod
    def relay_of(_row, bench):
        return {'capture': bench.file('pcap')}

    async def make(self, row, bench):
        await super().make(row, bench)
        bench.relays[0].stop()
        if os.stat(bench.file('keys')).st_mode & 0o077:
            raise Failure('others may read the key log')
        tshark = await bench.start(
            'tshark', '-n', '-r', bench.file('pcap'),
            '-d', f'udp.port=={SERVER_PORT},dtls',
            '-d', f'dtls.port=={SERVER_PORT},data',
            '-o', f'tls.keylog_file:{bench.file("keys")}',
            '-T', 'fields', '-e', 'udp.srcport', '-e', 'data.data')
        await tshark.ends()
        read = re.findall(r'^(\d+)\t([0-9a-f]+)$', tshark.out.decode(), re.M)
        for from_server in (False, True):
            parts = [bytes.fromhex(data) for port, data in read
                     if (int(port) == SERVER_PORT) == from_server]
            if parts != bench.shared.payload_parts:
                raise Failure(f'tshark reads {[len(p) for p in parts]} bytes')
