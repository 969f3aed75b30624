"""Peers in DTLS.

A connection sends some datagrams and gets as many.  Our server has one socket
for all clients; it tells of a connection with the first datagram that comes,
and sends back all of them.
"""
import re

import dtls_scenes
import rows
from peer_gnutls import GnuTLS
from peer_mbedtls import MbedTLS
from peer_openssl import OpenSSL
from procs import Failure
from suites import DTLS12, DTLS_SUITES

MTU, SMALL_MTU = 1400, 512  # the latter is too small for any chain
GNUTLS_READS = 254  # bytes at once: gnutls-serv, over UDP


# Our server does not, either: its handshake fails when the time is over.
DROPPED = ('another key', 'server')


def too_long(row, keys):
    """A ticket that has certificates in it would make our ClientHello two
    datagrams, so that we do not offer it."""
    return (row.role == 'client' and row.key in keys and row.mutual
            and row.resume == 'ticket')


class Datagrams:
    """Stands before a peer of TLS among the bases of a class."""
    versions = (DTLS12,)
    sizes = (1, 64, 1200)
    typed = True  # what its client sends is written to it
    values = {'key': ('rsa', 'p256', 'psk'),
              'form': ('pem', 'chain', 'both', 'several')}

    def rows(self):
        every = {**rows.values(**self.values), 'suite': DTLS_SUITES}
        return rows.in_profiles(rows.covering(
            row for row in rows.all_rows(every) if self.supports(row)))

    def our_arguments(self, row, bench):
        return [*super().our_arguments(row, bench),
                '--dtls', '--resend', bench.resend]

    async def start_our_server(self, row, bench, *_steps, clients=1):
        return await super().start_our_server(
            row, bench, f'echo={len(self.sizes) * clients}')

    def scenes(self):
        return [dtls_scenes.AT_ONCE]

    async def write_payload(self, bench, process, i):
        """The program sends as one what it reads at once."""
        for part in bench.shared.payload_parts:
            await process.write(part)
            await bench.ours[0].says(f'^datagram {len(part)}$', i + 1)

    def pieces(self, _row):
        """The lengths in which our end receives what is sent to it."""
        return list(self.sizes)

    async def make(self, row, bench):
        await super().make(row, bench)
        seen = row.rounds - len(self.unseen(row))
        for process in bench.watched:
            told = [int(length) for length in re.findall(
                r'^datagram (\d+)$', process.output(), re.M)]
            if told != self.pieces(row) * seen:
                raise Failure(f'{process.name} received datagrams of {told}')


class DtlsOpenSSL(Datagrams, OpenSSL):
    name = 'dtls-openssl'
    is_open = r'^ +Verify return code'
    silent = (DROPPED, ('another key', 'client'))

    def supports(self, row):
        return super().supports(row) and not too_long(row, ('rsa',))

    def arguments(self, row, bench, end):
        argv = super().arguments(row, bench, end)
        if row.form == 'chain':
            argv += ['-mtu', SMALL_MTU]
        if end == 'server' and row.rounds == 1:
            argv += ['-listen']  # no state until the cookie is there
        return argv


class DtlsGnuTLS(Datagrams, GnuTLS):
    """Its server tells of nothing."""
    name = 'dtls-gnutls'
    listens_on = 'udp'
    is_open = '^- Handshake was completed'
    silent = (DROPPED, *((case, 'client') for case in (
        'another key', 'an identity that nobody knows',
        'no certificate of ours', 'no suite in common')))

    def supports(self, row):
        return super().supports(row) and not too_long(row, ('rsa', 'p256'))

    def arguments(self, row, bench, end):
        small = row.form == 'chain' and end == 'server'
        return [*super().arguments(row, bench, end), '--udp',
                '--mtu', SMALL_MTU if small else MTU]

    def unseen(self, row):
        """gnutls-cli sends nothing before it comes back to its session."""
        return [{}] * (row.rounds - 1) if row.role == 'server' else []

    def our_arguments(self, row, bench):
        return [*super().our_arguments(row, bench),
                '--rounds', row.rounds - len(self.unseen(row))]

    def pieces(self, row):
        if row.role == 'server':
            return super().pieces(row)
        return [min(GNUTLS_READS, size - at) for size in self.sizes
                for at in range(0, size, GNUTLS_READS)]


class DtlsMbedTLS(Datagrams, MbedTLS):
    name = 'dtls-mbedtls'
    typed = False
    silent = (DROPPED, ('no certificate of ours', 'client'))

    def supports(self, row):
        return super().supports(row) and not too_long(row, ('rsa',))

    def scenes(self):
        return [dtls_scenes.AT_ONCE, dtls_scenes.BETWEEN, dtls_scenes.LEAVES,
                dtls_scenes.ANEW, *dtls_scenes.IPV6]

    def arguments(self, row, bench, end):
        return [*super().arguments(row, bench, end),
                '--dtls', '--resend', bench.resend]
