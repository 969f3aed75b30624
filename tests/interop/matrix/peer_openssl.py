"""openssl s_server and s_client."""
import re

from peer import PSK, PSK_ID, Peer, expect_payload, read_got, \
    their_certificate
from procs import Failure, port_for
from suites import DTLS12, OPENSSL_NUMBERS, TLS13_OPENSSL, V12, V13

VERSION = {V12: '-tls1_2', V13: '-tls1_3', DTLS12: '-dtls1_2'}


def suite_arguments(row):
    """The row's suite alone, or all that OpenSSL has."""
    alone = row.suite.openssl if row.chosen_by == 'peer' else None
    if row.version == V13:
        return ['-ciphersuites', alone or TLS13_OPENSSL]
    return ['-cipher', f'{alone or "ALL"}:@SECLEVEL=0']


def counts_as_session(row):
    """To OpenSSL this key is a session from the start."""
    return row.by_psk and row.version == V13


class OpenSSL(Peer):
    name = 'openssl'
    commands = {'openssl': 'openssl'}
    versions = (V12, V13)
    # s_server only says so, and goes on with its key.
    tolerates = tuple(('an identity that nobody knows', 'client', version)
                      for version in (V12, DTLS12))

    def arguments(self, row, bench, end):
        c = bench.shared.certs
        argv = [VERSION[row.version], *suite_arguments(row)]
        if row.by_psk:
            argv += ['-psk', PSK, '-psk_identity', PSK_ID]
        else:
            argv += ['-CAfile', c.cert(row.key, 'ca'), '-verify_return_error']
            if end == 'server' or row.mutual:
                cert, key = their_certificate(row, c, end)
                argv += ['-cert', cert, '-cert_chain', cert, '-key', key]
        if row.resume == 'id':
            argv += ['-no_ticket']
        if row.alpn:
            argv += ['-alpn', self.alpn if end == 'server'
                     else f'h2,{self.alpn}']
        return argv

    async def serve(self, row, bench):
        port = port_for(row.dtls)
        argv = ['openssl', 's_server', '-accept', f'127.0.0.1:{port}',
                '-naccept', row.rounds, *self.arguments(row, bench, 'server')]
        if row.by_psk:
            argv += ['-nocert']
        if row.mutual:
            argv += ['-Verify', 1]
        server = await bench.start(*argv)
        port = (await server.says(r'^ACCEPT(?: .*:(\d+))?$'))[1] or port
        end = await self.start_our_client(row, bench, port,
                                          *self.steps(bench, 'client'))
        for i in range(row.rounds):
            await server.says(r'^CIPHER is', i + 1)
            await self.write_payload(bench, server, i)
        await end.ends()
        await server.ends()
        expect_payload(bench, read_got(bench), 'our client')
        if server.out.count(bench.shared.payload) != row.rounds:
            raise Failure('s_server did not receive what was sent')
        if server.output().count('\nDONE\n') != row.rounds:
            raise Failure('s_server did not see an orderly end')
        told = server.output().split('CONNECTION CLOSED')[:-1]
        return [self.told_by_server(row, text) for text in told]

    @staticmethod
    def told_by_server(row, text):
        alpn = re.search(r'^ALPN protocols selected: (\S*)', text, re.M)
        suite = re.search(r'^CIPHER is (\S+)', text, re.M)[1]
        told = {
            'suite': OPENSSL_NUMBERS.get(suite, suite),
            'alpn': alpn[1] if alpn else '',
        }
        reused = 'Reused session-id' in text
        if not counts_as_session(row):
            told['resumed'] = reused
        if not reused:
            told['client'] = 'subject=CN = device' in text
        return told

    async def start_client(self, row, bench, port, i=0):
        """For connection i."""
        argv = ['openssl', 's_client', '-connect', f'127.0.0.1:{port}',
                *self.arguments(row, bench, 'client')]
        if not row.by_psk:
            argv += ['-servername', 'localhost',
                     '-verify_hostname', 'localhost']
        if row.rounds > 1:
            argv += [('-sess_out', '-sess_in')[i], bench.file('session')]
        return await bench.start(*argv)

    async def connect(self, row, bench):
        end, port = await self.start_our_server(
            row, bench, *self.steps(bench, 'server'))
        told = []
        for i in range(row.rounds):
            client = await self.start_client(row, bench, port, i)
            await self.write_payload(bench, client, i)
            leaves = row.dtls and i + 1 < row.rounds  # else our server does
            if leaves:
                await client.says(bench.shared.payload.decode())
                await client.write(b'Q\n')
            await client.ends()
            if bench.shared.payload not in client.out:
                raise Failure('s_client did not receive what was sent')
            if not re.search('^DONE$' if leaves else '^closed$',
                             client.output(), re.M):
                raise Failure('s_client did not see an orderly end')
            told.append(self.told_by_client(row, client.output()))
        await end.ends()
        expect_payload(bench, read_got(bench), 'our server')
        return told

    @staticmethod
    def told_by_client(row, text):
        state, version, suite = re.search(
            r'^(New|Reused), (\S+), Cipher is (\S+)', text, re.M).groups()
        alpn = re.search(r'^ALPN protocol: (\S*)', text, re.M)
        if not row.by_psk and 'Verification: OK' not in text:
            raise Failure('s_client has not verified the server')
        if 'unexpected eof' in text:
            raise Failure('s_client did not see an orderly end')
        told = {
            'suite': OPENSSL_NUMBERS.get(suite, suite),
            'alpn': alpn[1] if alpn else '',
        }
        if row.version == V13:  # else it is that in which the suite is known
            told['version'] = version
        if not counts_as_session(row):
            told['resumed'] = state == 'Reused'
        if state == 'New' and not row.by_psk:
            told['chain'] = len(re.findall(r'^ \d s:', text, re.M))
        return told
