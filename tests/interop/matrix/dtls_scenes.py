"""What DTLS has besides single connections."""
import dataclasses
import re
import signal

from peer import PSK, PSK_ID, rounds_told
from procs import Failure, port_for
from refusals import HASTE
from relay_udp import UdpRelay
from rows import Row
from suites import DTLS_SUITES

CLIENTS = 4
SIDES = {'client': 'server', 'server': 'client'}
BY_PSK = {role: Row(role, 'psk',
                    next(s for s in DTLS_SUITES if s.number == 0xc0a8), 'us',
                    'required', False, 'no', False, 'pem')
          for role in SIDES}


@dataclasses.dataclass(frozen=True)
class Scene:
    name: str
    role: str  # ours
    run: object  # (peer, bench): raises Failure

    def __str__(self):
        return f'our {self.role}, DTLSv1.2, {self.name}'

    async def make(self, peer, bench):
        await self.run(peer, bench)


async def clients_at_once(peer, bench):
    """All are connected before the first of them leaves."""
    row = BY_PSK['server']
    end, port = await peer.start_our_server(row, bench, clients=CLIENTS)
    clients = [await peer.start_client(row, bench, port)
               for _ in range(CLIENTS)]
    for part in bench.shared.payload_parts if peer.typed else ():
        for client in clients:
            await client.says(peer.is_open)
            await client.write(part)
        await end.says(f'^datagram {len(part)}$', CLIENTS)
    for client in clients:
        await client.ends()
        if peer.typed and bench.shared.payload not in client.out:
            raise Failure(f'{client.name} did not receive what was sent')
    await end.ends()
    if len(rounds_told(end)) != CLIENTS:
        raise Failure(f'zsock tells of {len(rounds_told(end))} clients')


async def refused_between(peer, bench):
    """A client that is refused leaves the others alone."""
    row = BY_PSK['server']
    end, port = await peer.start_our_server(row, bench, clients=2)
    for key, resend, status in ((PSK, bench.resend, 0), (PSK[::-1], HASTE, 1),
                                (PSK, bench.resend, 0)):
        client = await bench.start(
            bench.shared.mbedtls_end, '--dtls', '--resend', resend,
            '--psk', f'{PSK_ID}={key}', '--port', port, 'client',
            *peer.steps(bench, 'client'))
        await client.ends(with_status=status)
    await end.ends()
    if len(rounds_told(end)) != 2:
        raise Failure(f'zsock tells of {len(rounds_told(end))} clients')


async def begins_anew(peer, bench):
    """A client dies, and another one comes from its address."""
    row = BY_PSK['server']
    end, port = await peer.start_our_server(row, bench, clients=2)
    bench.relays.append(UdpRelay(port, merged=True))
    argv = [bench.shared.mbedtls_end, *peer.arguments(row, bench, 'client'),
            '--port', bench.relays[0].port, 'client',
            *peer.steps(bench, 'client')]
    first = await bench.start(*argv, 'end')
    await first.says('^received')
    first.signal(signal.SIGKILL)
    await first.ends(with_status=-signal.SIGKILL)
    second = await bench.start(*argv)
    await second.ends()
    await end.ends()


def over_ipv6(role):
    async def run(peer, bench):
        bench.change = lambda argv, _certs: [*argv, '--ipv6']
        row, theirs = BY_PSK[role], SIDES[role]
        argv = [bench.shared.mbedtls_end, '--ipv6',
                *peer.arguments(row, bench, theirs)]
        steps = peer.steps(bench, theirs)
        if role == 'client':
            other = await bench.start_watched(
                *argv, '--port', port_for(True), 'server', *steps)
            port = (await other.says(r'^listening (\d+)$'))[1]
            end = await peer.start_our_client(row, bench, port,
                                              *peer.steps(bench, role))
        else:
            end, port = await peer.start_our_server(row, bench)
            other = await bench.start_watched(*argv, '--port', port, 'client',
                                              *steps)
        await peer.outcome(bench, end, other)
    return run


async def server_leaves(peer, bench):
    """Our client hears of it, and its next datagram is a handshake again."""
    row = BY_PSK['client']
    part = bench.shared.payload_files[1]
    server = await bench.start_watched(
        bench.shared.mbedtls_end, *peer.arguments(row, bench, 'server'),
        '--port', port_for(True), '--rounds', 2, 'server', 'echo=1')
    port = (await server.says(r'^listening (\d+)$'))[1]
    end = await peer.start_our_client(
        row, bench, port, *[f'send={part}', 'recv=64', 'end'] * 2)
    await end.ends()
    await server.ends()
    if len(rounds_told(server)) != 2:
        raise Failure(f'{peer.name} tells of {len(rounds_told(server))} '
                      'connections')
    if re.findall(r'^datagram \d+$', end.output(), re.M) != ['datagram 64'] * 2:
        raise Failure('our client did not receive what was sent')


IPV6 = [Scene('over IPv6', role, over_ipv6(role)) for role in SIDES]
AT_ONCE = Scene('clients at once', 'server', clients_at_once)
BETWEEN = Scene('a client with another key between two', 'server',
                refused_between)
ANEW = Scene('a client begins anew from its address', 'server', begins_anew)
LEAVES = Scene('the server leaves, and is spoken to again', 'client',
               server_leaves)
