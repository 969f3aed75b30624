"""gnutls-serv, which echoes, and gnutls-cli."""
import re

from peer import PSK, PSK_ID, Peer, expect_payload, read_got, \
    their_certificate
from procs import Failure, listens, port_for
from suites import V12, V13

# Whatever is not in NORMAL.
EXTRAS = ('AES-128-CBC', 'AES-128-CCM', 'AES-256-CCM', 'AES-128-CCM-8',
          'SHA256', 'SHA384')


def priority(row):
    """GnuTLS's list of what is allowed."""
    words = ['NORMAL', '-VERS-ALL']
    if row.chosen_by == 'us':
        words += [f'+{word}' for word in EXTRAS]
    else:
        kx, cipher, mac = row.suite.gnutls
        words += ['-CIPHER-ALL', '-MAC-ALL', f'+{cipher}', f'+{mac}']
        if kx and row.version != V13:
            words += ['-KX-ALL', f'+{kx}']
    words.append('+VERS-' + row.version.replace('v', ''))
    if row.by_psk and (row.version == V13 or row.chosen_by == 'us'):
        words += ['+PSK', '+ECDHE-PSK', '+DHE-PSK']
    return ':'.join(words)


class GnuTLS(Peer):
    name = 'gnutls'
    versions = (V12, V13)
    listens_on = 'tcp'
    commands = {'gnutls-serv': 'gnutls-bin', 'gnutls-cli': 'gnutls-bin'}

    def supports(self, row):
        # gnutls-cli 3.7.9 crashes when it tells of such a handshake.
        return not (row.role == 'server'
                    and row.suite.gnutls[0] == 'ECDHE-PSK')

    def arguments(self, row, bench, end):
        c = bench.shared.certs
        argv = ['--priority', priority(row)]
        if not row.by_psk:
            argv += ['--x509cafile', c.cert(row.key, 'ca')]
            if end == 'server' or row.mutual:
                cert, key = their_certificate(row, c, end)
                argv += ['--x509certfile', cert, '--x509keyfile', key]
        if row.resume == 'id':
            argv += ['--noticket']
        if row.alpn:
            argv += ['--alpn', self.alpn]
        return argv

    async def serve(self, row, bench):
        argv = ['gnutls-serv', '--echo', '-p', port_for(row.dtls),
                *self.arguments(row, bench, 'server')]
        if row.by_psk:
            argv += ['--pskpasswd', bench.file('psk', f'{PSK_ID}:{PSK}\n')]
        if row.mutual:
            argv += ['--require-client-cert', '--verify-client-cert']
        server = await bench.start(*argv)
        end = await self.start_our_client(
            row, bench, await listens(server, table=self.listens_on),
            *self.steps(bench, 'client'))
        await end.ends()
        await server.stop()  # it prints when it ends
        expect_payload(bench, read_got(bench), 'our client')
        told = server.output().split('* Accepted connection')[1:]
        return [self.told(row, text, 'server') for text in told]

    async def start_client(self, row, bench, port):
        argv = ['gnutls-cli', *self.arguments(row, bench, 'client'),
                '-p', port]
        if row.by_psk:
            argv += ['--pskusername', PSK_ID, '--pskkey', PSK]
        if row.rounds > 1:
            argv += ['--resume']
            if row.version == V13:  # its ticket comes after the handshake
                argv += ['--waitresumption']
        return await bench.start(*argv, 'localhost')

    async def connect(self, row, bench):
        end, port = await self.start_our_server(
            row, bench, *self.steps(bench, 'server'))
        client = await self.start_client(row, bench, port)
        await self.write_payload(bench, client, 0)
        await client.ends()
        await end.ends()
        expect_payload(bench, read_got(bench), 'our server')
        if bench.shared.payload not in client.out:
            raise Failure('gnutls-cli did not receive what was sent')
        if 'Peer has closed the GnuTLS connection' not in client.output():
            raise Failure('gnutls-cli did not see an orderly end')
        told = client.output().split('- Connecting again')
        return [self.told(row, text, 'client') for text in told]

    def told(self, row, text, end):
        """What a round printed; a resumed one prints less."""
        told = {'resumed': 'This is a resumed session' in text}
        alpn = re.search(r'^- Application protocol: (\S*)', text, re.M)
        if alpn:
            told['alpn'] = alpn[1]
        description = re.search(r'^- Description: (\S+)', text, re.M)
        if description:
            told.update(self.described(row, description[1]))
        if told['resumed'] or row.by_psk:
            return told
        if description is None:
            raise Failure(f'the {end} of GnuTLS tells of no handshake')
        if end == 'server':
            told['client'] = 'Subject: CN=device' in text
        if (end == 'client' or row.mutual) and \
                'The certificate is trusted' not in text:
            raise Failure(f'the {end} of GnuTLS has not verified us')
        chain = re.search(r'Got a certificate list of (\d+) cert', text)
        if chain:
            told['chain'] = int(chain[1])
        return told

    @staticmethod
    def described(row, text):
        """(TLS1.2-X.509)-(ECDHE-X25519)-...-(AES-128-CBC)-(SHA256)"""
        words = re.findall(r'\(([^)]*)\)', text)
        _, cipher, mac = row.suite.gnutls
        want = [cipher] if mac == 'AEAD' else [cipher, mac]
        return {
            'version': re.sub(r'TLS([\d.]+).*', r'TLSv\1', words[0]),
            'suite': row.suite.number if words[-len(want):] == want
            else text,
        }
