"""Mbed TLS, which devices have, through tests/interop/mbedtls_end.c."""
import os

from peer import PSK, PSK_ID, Peer, expect_payload, read_got, rounds_told, \
    their_certificate
from procs import port_for
from rows import TLS12, V12


class MbedTLS(Peer):
    name = 'mbedtls'
    versions = (V12,)
    values = {'suite': TLS12, 'key': ('rsa', 'p256', 'p384', 'psk')}

    def missing(self, shared):
        if not os.path.exists(shared.mbedtls_end):
            return 'there was no Mbed TLS 2.28 to build with ' \
                '(package libmbedtls-dev)'
        return None

    def arguments(self, row, bench, end):
        c = bench.shared.certs
        argv = ['--rounds', row.rounds, '--got', bench.file('peer')]
        if row.by_psk:
            argv += ['--psk', f'{PSK_ID}={PSK}']
        else:
            argv += ['--ca', c.cert(row.key, 'ca')]
            if end == 'server' or row.mutual:
                cert, key = their_certificate(row, c, end)
                argv += ['--cert', cert, '--key', key]
        if end == 'client':
            argv += ['--name', 'localhost']
        elif row.mutual:
            argv += ['--verify', 2]
        if row.chosen_by == 'peer':
            argv += ['--suites', hex(row.suite.number)]
        if row.alpn:
            argv += ['--alpn', f'h2,{self.alpn}']
        if row.resume != 'no':
            argv += ['--sessions']
        if row.resume == 'id':
            argv += ['--no-tickets']
        return argv

    def steps(self, bench, end):
        """Who receives first waits for the end, too."""
        return super().steps(bench, end) + ['end'] * (end == 'server')

    async def serve(self, row, bench):
        server = await bench.start_watched(
            bench.shared.mbedtls_end, *self.arguments(row, bench, 'server'),
            '--port', port_for(row.dtls), 'server',
            *self.steps(bench, 'server'))
        port = (await server.says(r'^listening (\d+)$'))[1]
        end = await self.start_our_client(row, bench, port,
                                          *self.steps(bench, 'client'))
        return await self.outcome(bench, end, server)

    async def start_client(self, row, bench, port):
        return await bench.start_watched(
            bench.shared.mbedtls_end, *self.arguments(row, bench, 'client'),
            '--port', port, 'client', *self.steps(bench, 'client'))

    async def connect(self, row, bench):
        end, port = await self.start_our_server(row, bench,
                                                *self.steps(bench, 'server'))
        client = await self.start_client(row, bench, port)
        return await self.outcome(bench, end, client)

    @staticmethod
    async def outcome(bench, end, peer):
        await end.ends()
        await peer.ends()
        expect_payload(bench, read_got(bench), 'our side')
        expect_payload(bench, read_got(bench, 'peer'), 'Mbed TLS')
        told = rounds_told(peer)
        for connection in told:
            del connection['verify']  # its own is not what is expected of ours
            del connection['name']  # it has names of its own
        return told
