"""matrix.py BUILD_DIR PEER: every row of the matrix with that peer, as TAP.

Ends with 0, 1 (a row failed), or 77 if the peer is missing.
"""
import asyncio
import os
import random
import shutil
import signal
import sys
import tempfile

import refusals
from certs import KEYS, Certs
from dtls import DtlsGnuTLS, DtlsMbedTLS, DtlsOpenSSL
from dtls_relayed import DtlsTshark, LossyItself, LossyMbedTLS
from peer_curl import Curl
from peer_gnutls import GnuTLS
from peer_mbedtls import MbedTLS
from peer_mosquitto import Mosquitto
from peer_nginx import Nginx
from peer_openssl import OpenSSL
from peer_tshark import Tshark
from procs import Bench, Failure
from rows import Row

PEERS = {peer.name: peer for peer in (
    Curl(), GnuTLS(), MbedTLS(), Mosquitto(), Nginx(), OpenSSL(), Tshark(),
    DtlsGnuTLS(), DtlsMbedTLS(), DtlsOpenSSL(), DtlsTshark(), LossyItself(),
    LossyMbedTLS())}
AT_ONCE = 6  # rows, most of which wait for each other
LINE_LENGTH = 63


class Shared:
    """What all rows share."""

    def __init__(self, build, folder):
        self.folder = folder
        self.zsock_end = os.path.join(build, 'tests', 'zsock_end')
        self.mbedtls_end = os.path.join(build, 'tests', 'mbedtls_end')
        self.environment = {**os.environ, 'ZSOCK_LOG': 'warn', 'LC_ALL': 'C'}
        self.environment.pop('ZSOCK_LOG_FILE', None)
        self.certs = self.payload = None
        self.payload_parts, self.payload_files = [], []

    def make_files(self, sizes):
        self.certs = Certs(self.folder, KEYS)
        self.payload = make_payload(sum(sizes))
        at = 0
        for size in sizes:
            name = os.path.join(self.folder, f'payload{at}')
            self.payload_files.append(name)
            self.payload_parts.append(self.payload[at:at + size])
            with open(name, 'wb') as f:
                f.write(self.payload_parts[-1])
            at += size


def make_payload(size):
    """Digits in lines: what no peer takes for a command."""
    lines = (''.join(random.choices('0123456789', k=LINE_LENGTH)) + '\n'
             for _ in range(size // LINE_LENGTH + 1))
    return ''.join(lines).encode()[:size - 1] + b'\n'


class Tap:
    def __init__(self):
        self.done = self.failed = 0

    def result(self, name, why=None, transcript=()):
        self.done += 1
        self.failed += why is not None
        print('ok' if why is None else 'not ok', self.done, '-', name)
        if why is not None:
            print(f'# {why}')
            print(*(f'# {line}' for line in transcript), sep='\n')
        sys.stdout.flush()


async def make_row(peer, row, shared, tap, places):
    """A row of the matrix, or a refusal."""
    async with places:
        bench = Bench(tempfile.mkdtemp(dir=shared.folder), shared)
        why = None
        try:
            if isinstance(row, Row):
                await peer.make(row, bench)
            else:
                await row.make(peer, bench)
        except Failure as e:
            why = str(e)
        except Exception as e:  # the row's alone, too
            why = f'{type(e).__name__}: {e}'
        finally:
            await bench.stop()
        if why is not None:
            why = '; '.join([why, *bench.failures()])
        tap.result(f'{peer.name}: {row}', why, bench.transcript())


async def make_all(peer, shared, chosen):
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    tap, places = Tap(), asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(make_row(peer, row, shared, tap, places)
                           for row in chosen))
    print(f'1..{tap.done}')
    made = [row for row in chosen if isinstance(row, Row)]
    print(f'# interop: {sum(row.rounds for row in made)} handshakes '
          f'{peer.how} {peer.name}, in {len(made)} rows')
    refused = sum(isinstance(row, refusals.Refusal) for row in chosen)
    if refused > 0:
        print(f'# interop: {refused} handshakes '
              f'that {peer.name} and we have to refuse')
    return tap.failed


def main():
    if len(sys.argv) < 3 or sys.argv[2] not in PEERS:
        sys.exit(f'usage: matrix.py BUILD_DIR {"|".join(PEERS)} [ROW_NUMBER]')
    os.environ['PATH'] += ':/usr/sbin'  # where servers are
    build, peer = os.path.abspath(sys.argv[1]), PEERS[sys.argv[2]]
    folder = tempfile.mkdtemp()
    try:
        shared = Shared(build, folder)
        reason = peer.missing(shared)
        if reason is not None:
            print(f'1..0 # SKIP {reason}')
            return 77
        chosen = [*peer.rows(), *peer.scenes(), *refusals.of(peer)]
        if len(sys.argv) > 3:
            chosen = [row for row in chosen if sys.argv[3] in str(row)]
        shared.make_files(peer.sizes)
        return asyncio.run(make_all(peer, shared, chosen)) > 0
    finally:
        shutil.rmtree(folder)


sys.exit(main())
