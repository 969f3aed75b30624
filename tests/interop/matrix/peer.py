"""What all peers have in common: our end, and what is expected of a row."""
import os
import re
import shutil

import rows
from procs import Failure

PSK_ID, PSK = 'device-17', '00112233445566778899aabbccddeeff'
VERIFY = {'none': 0, 'optional': 1, 'required': 2}

# Bits of TLS_CERT_VERIFY_RESULT.
NOT_TRUSTED, MISSING, SKIPPED, NONE = 0x08, 0x40, 0x80, 0xffffffff


class Peer:
    """An implementation in both roles; each has a module of its own.

    serve and connect do a row with the peer as server and as client.  Both
    return what the peer tells of each connection: a list of dictionaries with
    those of the keys of expected() that it tells at all.
    """
    name = ''
    how = 'with'  # the handshakes were made
    commands = {}  # and their packages
    values = {}  # of rows.values, where the peer has not all
    alpn = 'mqtt'
    sizes = (20 * 1024,)  # of what is sent, in one connection each way
    versions = ()  # in which it shall be refused, see refusals.py
    tolerates = ()  # what it does not refuse: (case, our role, version)
    silent = ()  # whom it does not answer any more: (case, our role)

    def missing(self, _shared):
        """Why there is nothing to test, or None."""
        for command, package in self.commands.items():
            if shutil.which(command) is None:
                return f'there is no {command} here (package {package})'
        return None

    def rows(self):
        every = rows.all_rows(rows.values(**self.values))
        return rows.in_profiles(rows.covering(
            row for row in every if self.supports(row)))

    def scenes(self):
        """What is not a row: has a name, as str, and make as refusals do."""
        return []

    def supports(self, _row):
        return True

    async def serve(self, row, bench):
        raise NotImplementedError

    async def connect(self, row, bench):
        raise NotImplementedError

    @staticmethod
    def steps(bench, end):
        """Of our client or our server."""
        send = [f'send={name}' for name in bench.shared.payload_files]
        recv = [f'recv={len(bench.shared.payload)}']
        return send + recv if end == 'client' else recv + send

    async def write_payload(self, bench, process, _i):
        """For a program to send on connection i."""
        await process.write(bench.shared.payload)

    def unseen(self, _row):
        """What our end tells of the first connections, if it sees none."""
        return []

    async def make(self, row, bench):
        """One row; raises Failure."""
        run = self.serve if row.role == 'client' else self.connect
        theirs = await run(row, bench)
        ours = [told for process in bench.ours
                for told in self.unseen(row) + rounds_told(process)]
        if len(ours) != row.rounds * len(bench.ours):
            raise Failure(f'zsock tells of {len(ours)} connections')
        self.check(row, 'zsock', ours)
        self.check(row, self.name, theirs)

    def our_environment(self, row, _bench):
        return {'ZSOCK_PROFILE': row.profile}

    def our_arguments(self, row, bench):
        """zsock_end's, but for its role, its port and its steps."""
        c = bench.shared.certs
        argv = ['--lowest', '13' if row.version == rows.V13 else '12',
                '--verify', VERIFY[row.verify], '--got', bench.file('got'),
                '--rounds', row.rounds]
        if row.form == 'several':
            argv += ['--psk', 'device-16=0011', '--psk', f'{PSK_ID}={PSK}',
                     '--psk', 'device-18=2233']
        elif row.by_psk or row.form == 'both':
            argv += ['--psk', f'{PSK_ID}={PSK}']
        if row.role == 'client':
            argv += ['--name', 'localhost']
        if not row.by_psk or row.form == 'both':
            argv += our_certificates(row, c)
        if row.chosen_by == 'us':
            argv += ['--suites', hex(row.suite.number)]
        if row.alpn:
            argv += ['--alpn', f'coap,{self.alpn}']
        if row.resume != 'no':
            argv += ['--sessions']
        return bench.change(argv, c)

    async def start_our_server(self, row, bench, *steps):
        """The process, and the port that it listens on."""
        process = await bench.start_watched(
            bench.shared.zsock_end, *self.our_arguments(row, bench), 'server',
            *steps, environment=self.our_environment(row, bench))
        return process, (await process.says(r'^listening (\d+)$'))[1]

    async def start_our_client(self, row, bench, port, *steps):
        return await bench.start_watched(
            bench.shared.zsock_end, *self.our_arguments(row, bench),
            '--port', port, 'client', *steps,
            environment=self.our_environment(row, bench))

    def expected(self, row, i):
        """What either side is to tell of connection i."""
        return {
            'version': row.version,
            'suite': row.suite.number,
            'name': row.suite.name,
            'alpn': self.alpn if row.alpn else '',
            'resumed': i > 0,
            'client': row.mutual,  # has a certificate
            'chain': 2 if row.form == 'chain' else 1,  # that we send
            'verify': expected_flags(row),
        }

    def check(self, row, who, told):
        if len(told) % row.rounds != 0:
            raise Failure(f'{who} tells of {len(told)} connections')
        for i, connection in enumerate(told):
            want = self.expected(row, i % row.rounds)
            for what, value in connection.items():
                if want[what] is not None and value != want[what]:
                    raise Failure(f'{who}, connection {i + 1}: {what} is '
                                  f'{value!r}, not {want[what]!r}')


def our_certificates(row, c):
    key = 'p256' if row.by_psk else row.key
    form = row.form if row.form in ('der', 'chain') else 'pem'
    file_form = 'der' if form == 'der' else 'pem'
    if row.role == 'client' and row.verify != 'required':
        argv = ['--ca', c.stranger]  # who does not insist gets along with it
    else:
        argv = ['--ca', c.cert(key, 'ca', file_form)]
    if row.role == 'server' or row.mutual:
        argv += ['--cert', c.cert(key, row.role, form),
                 '--key', c.key(key, row.role, file_form)]
    return argv


def their_certificate(row, c, end):
    """The files of the peer's certificate and its key."""
    form = 'chain' if row.form == 'chain' else 'pem'
    return c.cert(row.key, end, form), c.key(row.key, end)


def expected_flags(row):
    """TLS_CERT_VERIFY_RESULT on our side, which is what Mbed TLS says."""
    if row.profile == 'zephyr-3.3':
        return NONE  # it has no such option
    if row.by_psk:
        return 0
    if row.verify == 'none':
        return SKIPPED if row.role == 'server' else 0
    if row.verify == 'required':
        return 0
    if row.role == 'client':
        return NOT_TRUSTED
    return 0 if row.mutual else MISSING


def rounds_told(process):
    """What zsock_end or mbedtls_end tells of each of its connections."""
    rounds = []
    for line in re.findall(r'^open (.*)$', process.output(), re.M):
        told = dict(word.split('=', 1) for word in line.split())
        rounds.append({
            'version': told['version'],
            'suite': int(told['number'], 16),
            'name': told['suite'],
            'verify': int(told['verify'], 16),
            'alpn': told['alpn'],
            'resumed': told['resumed'] == 'yes',
        })
    return rounds


def expect_payload(bench, got, where):
    """What came in is what the other end has sent."""
    if bytes(got) != bench.shared.payload:
        raise Failure(f'{where}: {len(got)} bytes came, and not those '
                      f'{len(bench.shared.payload)} that were sent')


def read_got(bench, name='got'):
    with open(os.path.join(bench.folder, name), 'rb') as f:
        return f.read()
