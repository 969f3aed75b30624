"""Handshakes that must fail with every peer, and how our end explains it.

A refusal is a row of the matrix in which one argument of our end is changed.
"""
import asyncio
import dataclasses
import re

from peer import PSK, PSK_ID
from procs import Failure
from rows import V12, V13, Row
from suites import DTLS12, DTLS_SUITES, SUITES

NUMBERS = {(s.version, s.number): s for s in (*SUITES, *DTLS_SUITES)}
BY_CERT = {V12: 0xc02b, V13: 0x1301, DTLS12: 0xc02b}
BY_PSK = {V12: 0x00a8, V13: 0x1301, DTLS12: 0x00a8}

# What our end answers; in TLS 1.3 a server refuses after our connect.
# A peer that closes with our data unread resets the connection; one that has
# nothing to say in DTLS leaves us waiting.
ERRNOS = r'^failed (?:(?:connect|accept|send): ECONN(?:ABORTED|RESET)|' \
    r'recv: EIO|connect: ETIMEDOUT): '
# Of a peer that closes with our data unread, the reset may overtake the alert.
REFUSED = "the peer sent the alert '|the connection broke"


def changed(option, value):
    """value may be a function of the certificates."""
    def change(argv, certs):
        argv[argv.index(option) + 1] = value(certs) if callable(value) \
            else value
        return argv
    return change


def added(*more):
    return lambda argv, _certs: argv + list(more)


def without(*options):
    def change(argv, _certs):
        for option in options:
            at = argv.index(option)
            del argv[at:at + 2]
        return argv
    return change


# Who drops what it cannot decrypt, or refuses without an alert, in DTLS.
SILENCE = r'the peer did not answer within \d+ ms'
HASTE = '100,800'  # when there is nothing to wait for

STRANGER = changed('--ca', lambda certs: certs.stranger)
OTHER_KEY = changed('--psk', f'{PSK_ID}={PSK[::-1]}')
OTHER_ID = changed('--psk', f'device-1={PSK}')
OTHER_SUITE = added('--suites', '0xc024,0x1303')


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    role: str  # ours
    change: object  # our arguments
    says: str  # what our end's line has to match
    key: str = 'p256'
    mutual: bool = False
    alpn: bool = False
    versions: tuple = (V12, V13, DTLS12)


CASES = (
    Case('an authority that we do not trust', 'client', STRANGER,
         "we refused the peer's certificate: .* subject \"CN=localhost\""),
    Case('an authority that we do not trust', 'server', STRANGER,
         "we refused the peer's certificate: .* subject \"CN=device\"",
         mutual=True),
    Case('another name', 'client', changed('--name', 'wrong.test'),
         'expected name "wrong.test"; presented names: DNS:localhost'),
    Case('no certificate of the client', 'server', added(),
         'the client has no certificate'),
    Case('no certificate of ours', 'client', without('--cert', '--key'),
         'the server asked for a certificate', mutual=True),
    Case('another key', 'client', OTHER_KEY, 'different pre-shared keys',
         key='psk'),
    Case('another key', 'server', OTHER_KEY, 'different pre-shared keys',
         key='psk'),
    Case('an identity that nobody knows', 'client', OTHER_ID, REFUSED,
         key='psk'),
    Case('an identity that nobody knows', 'server', OTHER_ID,
         f'the client named the PSK identity "{PSK_ID}"', key='psk'),
    Case('no suite in common', 'client', OTHER_SUITE, REFUSED),
    Case('no suite in common', 'server', OTHER_SUITE,
         'no shared cipher'),
    Case('no version in common', 'client', changed('--lowest', '13'), REFUSED,
         versions=(V12,)),
    Case('no version in common', 'server', changed('--lowest', '13'),
         'unsupported protocol', versions=(V12,)),
    Case('no application protocol in common', 'server',
         changed('--alpn', 'coap'), 'no application protocol', alpn=True),
)


@dataclasses.dataclass(frozen=True)
class Refusal:
    case: Case
    row: Row

    def __str__(self):
        return f'our {self.row.role}, {self.row.version}, ' \
            f'refused: {self.case.name}'

    def says(self, peer):
        if (self.case.name, self.row.role) in peer.silent:
            return SILENCE
        return self.case.says

    async def make(self, peer, bench):
        bench.change = self.case.change
        if self.says(peer) == SILENCE:
            bench.resend = HASTE
        handshake = asyncio.create_task(peer.make(self.row, bench))
        if self.row.dtls and self.row.role == 'server':
            await self.await_explanation(handshake, peer, bench)
            return
        try:
            await handshake
        except (Failure, OSError):
            pass  # what became of the peer is its affair
        if not bench.ours:
            raise Failure('our end was not reached')
        await bench.ours[0].ends(with_status=1)
        line, = re.findall('^failed .*', bench.ours[0].output(), re.M)
        if not re.search(ERRNOS, line) or not re.search(self.says(peer), line):
            raise Failure('our end tells something else')

    async def await_explanation(self, handshake, peer, bench):
        """This server has no call that fails: it says why, and goes on."""
        while len(bench.processes) < 2 and not handshake.done():
            await asyncio.sleep(0.01)
        ours, theirs = bench.processes[:2]
        try:
            await ours.says(self.says(peer))
            if self.says(peer) != SILENCE:
                await theirs.ends(with_status=1)
            if not ours.running:
                raise Failure('our server does not go on')
        finally:
            handshake.cancel()
            await asyncio.gather(handshake, return_exceptions=True)


def of(peer):
    for case in CASES:
        for version in case.versions:
            number = (BY_PSK if case.key == 'psk' else BY_CERT)[version]
            suite = NUMBERS[version, number]
            row = Row(case.role, case.key, suite, 'peer', 'required',
                      case.mutual, 'no', case.alpn, 'pem')
            if version in peer.versions and peer.supports(row) and \
                    (case.name, case.role, version) not in peer.tolerates:
                yield Refusal(case, row)
