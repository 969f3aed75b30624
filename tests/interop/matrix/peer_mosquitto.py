"""mosquitto, and its clients against our server: MQTT 3.1.1 of the day."""
import getpass
import re

from peer import PSK, PSK_ID, Peer, expect_payload, read_got, \
    their_certificate
from procs import Failure
from suites import TLS13_OPENSSL, V13

TOPIC = b'interop'
CLIENT_ID = b'zsock'
CONNACK = bytes([0x20, 2, 0, 0])
DISCONNECT = bytes([0xe0, 0])


# What mosquitto has no options for, its library reads here.
OPENSSL_CONF = '''
openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = system
[system]
MinProtocol = {version}
MaxProtocol = {version}
Ciphersuites = {tls13}
'''


def packet(first, body):
    """MQTT's length has seven bits a byte, the lowest first."""
    length, left = [], len(body)
    while True:
        left, low = divmod(left, 128)
        length.append(low | (0x80 if left else 0))
        if not left:
            return bytes([first, *length]) + body


def text(value):
    return len(value).to_bytes(2, 'big') + value


CONNECT = packet(0x10, text(b'MQTT') + bytes([4, 2, 0, 60]) + text(CLIENT_ID))
SUBSCRIBE = packet(0x82, bytes([0, 1]) + text(TOPIC) + bytes([0]))
SUBACK = packet(0x90, bytes([0, 1, 0]))


def publish(payload):
    return packet(0x30, text(TOPIC) + payload)


class Mosquitto(Peer):
    name = 'mosquitto'
    commands = {'mosquitto': 'mosquitto', 'mosquitto_pub': 'mosquitto-clients',
                'mosquitto_sub': 'mosquitto-clients'}

    def supports(self, row):
        if row.role == 'server':  # the clients keep no sessions
            return row.resume == 'no'
        # The broker knows no ALPN, and always gives tickets.
        return not row.alpn and row.resume != 'id'

    @staticmethod
    def environment(row, bench):
        alone = row.suite.openssl if row.chosen_by == 'peer' \
            and row.version == V13 else None
        return {'OPENSSL_CONF': bench.file('openssl.cnf', OPENSSL_CONF.format(
            version=row.version, tls13=alone or TLS13_OPENSSL))}

    @staticmethod
    def ciphers(row):
        """Those of TLS 1.2."""
        alone = row.chosen_by == 'peer' and row.version != V13
        return f'{row.suite.openssl if alone else "ALL"}:@SECLEVEL=0'

    def settings(self, row, bench, port):
        c = bench.shared.certs
        lines = [f'listener {port} 127.0.0.1', 'allow_anonymous true',
                 f'user {getpass.getuser()}', 'persistence false',
                 'log_dest stderr', 'log_type all',
                 f'tls_version {row.version.lower()}',
                 f'ciphers {self.ciphers(row)}']
        if row.by_psk:
            lines += ['psk_hint hint', 'psk_file '
                      + bench.file('psk', f'{PSK_ID}:{PSK}\n')]
        else:
            cert, key = their_certificate(row, c, 'server')
            lines += [f'certfile {cert}', f'keyfile {key}']
        if row.mutual:
            lines += [f'cafile {c.cert(row.key, "ca")}',
                      'require_certificate true',
                      'use_identity_as_username true']
        return '\n'.join(lines) + '\n'

    async def serve(self, row, bench):
        """We subscribe to what we publish."""
        payload = bench.shared.payload

        def argv(port):
            return ['mosquitto', '-c', bench.file(
                'conf', self.settings(row, bench, port))]

        server, port = await bench.start_on_port(
            argv, environment=self.environment(row, bench))
        answer = CONNACK + SUBACK + publish(payload)
        end = await self.start_our_client(
            row, bench, port,
            'send=' + bench.file('ask', CONNECT + SUBSCRIBE + publish(payload)),
            f'recv={len(answer)}', 'send=' + bench.file('bye', DISCONNECT),
            'end')
        await end.ends()
        if read_got(bench) != answer:
            raise Failure('the broker did not send back what was published')
        await server.says('Client zsock disconnected', row.rounds)
        return self.told(row, server.output())

    @staticmethod
    def told(row, output):
        rounds = []
        users = re.findall(r' as zsock \(.*?(?:, u\'(.*)\')?\)\.$', output, re.M)
        for user in users:
            rounds.append({'client': row.mutual and user == 'device'})
        return rounds

    def arguments(self, row, bench, port):
        c = bench.shared.certs
        argv = ['-h', 'localhost', '-p', port, '-i', CLIENT_ID.decode(),
                '-t', TOPIC.decode(), '-V', 'mqttv311',
                '--tls-version', row.version.lower(),
                '--ciphers', self.ciphers(row)]
        if row.by_psk:
            argv += ['--psk', PSK, '--psk-identity', PSK_ID]
        else:
            argv += ['--cafile', c.cert(row.key, 'ca')]
        if row.mutual:
            cert, key = their_certificate(row, c, 'client')
            argv += ['--cert', cert, '--key', key]
        if row.alpn:
            argv += ['--tls-alpn', self.alpn]
        return argv

    async def connect(self, row, bench):
        """Once they publish to us, once they subscribe to us."""
        payload = bench.shared.payload
        first = [f'recv={len(CONNECT)}',
                 'send=' + bench.file('connack', CONNACK)]
        end, port = await self.start_our_server(
            row, bench, *first,
            f'recv={len(publish(payload) + DISCONNECT)}', 'end')
        client = await bench.start(
            'mosquitto_pub', *self.arguments(row, bench, port),
            '-f', bench.shared.payload_files[0],
            environment=self.environment(row, bench))
        await client.ends()
        await end.ends()
        if read_got(bench) != CONNECT + publish(payload) + DISCONNECT:
            raise Failure('our server did not receive what was published')
        end, port = await self.start_our_server(
            row, bench, *first, f'recv={len(SUBSCRIBE)}',
            'send=' + bench.file('answer', SUBACK + publish(payload)),
            f'recv={len(DISCONNECT)}', 'end')
        client = await bench.start(
            'mosquitto_sub', *self.arguments(row, bench, port),
            '-C', 1, '-N', environment=self.environment(row, bench))
        await client.ends()
        await end.ends()
        expect_payload(bench, client.out, 'mosquitto_sub')
        return []
