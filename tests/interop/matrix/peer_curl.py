"""curl, which posts to our server."""
import re

from peer import Peer, expect_payload, read_got, their_certificate
from procs import Failure
from rows import CERTS
from suites import OPENSSL_NUMBERS, TLS13_OPENSSL, V13


class Curl(Peer):
    name = 'curl'
    commands = {'curl': 'curl'}
    values = {'role': ('server',), 'key': CERTS, 'resume': ('no', 'ticket')}
    alpn = 'http/1.1'

    def arguments(self, row, bench):
        c = bench.shared.certs
        number = row.version[-3:]
        alone = row.suite.openssl if row.chosen_by == 'peer' else None
        argv = ['-sS', '-v', '--noproxy', '*', '--max-time', 30, '--http1.1',
                f'--tlsv{number}', '--tls-max', number,
                '--cacert', c.cert(row.key, 'ca')]
        if row.version == V13:
            argv += ['--tls13-ciphers', alone or TLS13_OPENSSL]
        else:
            argv += ['--ciphers', f'{alone or "ALL"}:@SECLEVEL=0']
        if row.mutual:
            cert, key = their_certificate(row, c, 'client')
            argv += ['--cert', cert, '--key', key]
        if not row.alpn:
            argv += ['--no-alpn']
        return argv

    async def connect(self, row, bench):
        payload = bench.shared.payload
        head = f'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(payload)}' \
            '\r\n\r\n'
        answer = bench.file('answer', 'HTTP/1.1 200 OK\r\nContent-Length: '
                            f'{len(payload)}\r\nConnection: close\r\n\r\n'
                            + payload.decode())
        end, port = await self.start_our_server(
            row, bench, f'recv={len(head) + len(payload)}', f'send={answer}')
        argv = ['curl', *self.arguments(row, bench), '-H', 'Host: x',
                '--data-binary', f'@{bench.shared.payload_files[0]}']
        for name in ('User-Agent', 'Accept', 'Content-Type', 'Expect'):
            argv += ['-H', f'{name}:']
        for i in range(row.rounds):
            argv += ['-o', bench.file(f'body{i}'), f'https://localhost:{port}/']
        client = await bench.start(*argv)
        await client.ends()
        await end.ends()
        got = read_got(bench)
        if not got.startswith(head.encode()):
            raise Failure(f'our server received {got[:len(head)]}')
        expect_payload(bench, got[len(head):], 'our server')
        for i in range(row.rounds):
            expect_payload(bench, read_got(bench, f'body{i}'), 'curl')
        return self.told(client.output())

    @staticmethod
    def told(text):
        """curl does not tell whether a session was taken up again."""
        rounds = []
        for version, suite in re.findall(
                r'^\* SSL connection using (\S+) / (\S+)', text, re.M):
            rounds.append({'version': version,
                           'suite': OPENSSL_NUMBERS.get(suite, suite)})
        alpn = re.findall(r'^\* ALPN: server (?:accepted|did not agree).*?'
                          r'(http\S*|protocol)', text, re.M)
        for connection, chosen in zip(rounds, alpn):
            connection['alpn'] = chosen.replace('protocol', '')
        return rounds
