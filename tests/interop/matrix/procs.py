"""Programs that a row runs: their output, their ports, and their end."""
import asyncio
import os
import re
import signal
import socket

DEADLINE_S = 30  # for whatever is waited for, on a machine that is busy
LISTENS = {'tcp': '0A', 'udp': '07'}  # the kernel's states
RESEND = '200,3200'  # ms until DTLS sends a flight again, and until it gives up
TRIES = 5  # to find a free port that nobody takes meanwhile


class Failure(Exception):
    """A row went wrong; the text says how."""


class Process:
    """A program whose output is kept and can be waited for."""

    def __init__(self, argv, process):
        self.argv = argv
        self.process = process
        self.out = bytearray()
        self.err = bytearray()
        self.news = asyncio.Condition()
        self.readers = [
            asyncio.create_task(self._read(process.stdout, self.out)),
            asyncio.create_task(self._read(process.stderr, self.err)),
        ]

    @property
    def name(self):
        return os.path.basename(self.argv[0])

    @property
    def pid(self):
        return self.process.pid

    @property
    def running(self):
        return self.process.returncode is None

    async def _read(self, stream, into):
        while data := await stream.read(65536):
            into += data
            async with self.news:
                self.news.notify_all()
        async with self.news:
            self.news.notify_all()

    def output(self):
        return (self.out + self.err).decode(errors='replace')

    async def says(self, pattern, times=1):
        """The match of a line that the program says for the so-manieth time."""
        found = re.compile(pattern, re.M)

        def matches():
            return list(found.finditer(self.output()))

        async with self.news:
            try:
                await asyncio.wait_for(self.news.wait_for(
                    lambda: len(matches()) >= times
                    or all(r.done() for r in self.readers)), DEADLINE_S)
            except TimeoutError as e:
                raise Failure(f'{self.name} never says {pattern}') from e
        if len(matches()) < times:
            raise Failure(f'{self.name} ended and did not say {pattern}')
        return matches()[times - 1]

    async def write(self, data):
        self.process.stdin.write(data)
        await self.process.stdin.drain()

    async def ends(self, with_status=0):
        """Waits for its end, which must have this status; None is any."""
        end = asyncio.create_task(self.process.wait())
        _, late = await asyncio.wait([*self.readers, end], timeout=DEADLINE_S)
        if late:
            raise Failure(f'{self.name} does not end')
        status = end.result()
        if with_status is not None and status != with_status:
            raise Failure(f'{self.name} ended with {status}')

    def signal(self, number):
        """Not asyncio's: that takes the status away from whoever waits."""
        if self.process.returncode is not None:
            return
        try:
            os.kill(self.process.pid, number)
        except ProcessLookupError:
            pass  # its end is not known here yet

    async def stop(self):
        """Ends it, if it has not ended."""
        self.signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), 5)
        except TimeoutError:
            self.signal(signal.SIGKILL)
            await self.process.wait()
        await asyncio.gather(*self.readers)
        self.process.stdin.close()


class Bench:
    """Where a row is made: its folder, its programs, what all rows share."""

    def __init__(self, folder, shared):
        self.folder = folder
        self.shared = shared  # programs and files
        self.change = lambda argv, _certs: argv  # of our end's arguments
        self.processes = []
        self.watched = []
        self.watchers = []
        self.relays = []
        self.resend = RESEND

    def file(self, name, content=None):
        path = os.path.join(self.folder, name)
        if isinstance(content, str):
            content = content.encode()
        if content is not None:
            with open(path, 'wb') as f:
                f.write(content)
        return path

    async def start(self, *argv, environment=None):
        argv = [str(a) for a in argv]
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=self.folder,
            env={**self.shared.environment, **(environment or {})},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE)
        self.processes.append(Process(argv, process))
        return self.processes[-1]

    async def start_watched(self, *argv, **more):
        """When it fails, what waits for the others shall not wait longer."""
        process = await self.start(*argv, **more)
        self.watched.append(process)
        self.watchers.append(asyncio.create_task(self._watch(process)))
        return process

    async def _watch(self, process):
        if await process.process.wait() == 0:
            return
        for other in self.processes:
            if other not in self.ours:  # which shall say how it fails
                other.signal(signal.SIGTERM)

    @property
    def ours(self):
        return [p for p in self.watched if p.argv[0] == self.shared.zsock_end]

    async def start_on_port(self, make_argv, **more):
        """Starts make_argv(port), and again elsewhere if the port is taken."""
        for _ in range(TRIES):
            port = free_port()
            process = await self.start(*make_argv(port), **more)
            if await listens(process, port):
                return process, port
        raise Failure(f'{process.name} does not start')

    async def stop(self):
        for process in reversed(self.processes):
            await process.stop()
        await asyncio.gather(*self.watchers)
        for relay in self.relays:
            relay.stop()

    def failures(self):
        """What our ends say went wrong."""
        return [line for p in self.watched for line
                in re.findall(r'^failed .*$', p.output(), re.M)]

    def transcript(self):
        lines = []
        for p in self.processes:
            lines.append('$ ' + ' '.join(p.argv))
            for line in p.output().splitlines():
                if not re.fullmatch(r'(received cmd: |\*\*\* Processing .*: )?'
                                    r'\d{20,}', line):
                    lines.append(f'{p.name}: {line}')
        return lines


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(type=kind) as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def port_for(dtls):
    """Of a server that says where it is, 0.  Over UDP, where most servers set
    SO_REUSEADDR, the kernel's choice may be another such server's port.
    """
    return free_port(socket.SOCK_DGRAM) if dtls else 0


def listening_ports(pid, table):
    """The ports that the process listens on, as the kernel knows."""
    inodes = set()
    for fd in os.listdir(f'/proc/{pid}/fd'):
        try:
            target = os.readlink(f'/proc/{pid}/fd/{fd}')
        except FileNotFoundError:
            continue
        if target.startswith('socket:['):
            inodes.add(target[8:-1])
    ports = []
    with open(f'/proc/{pid}/net/{table}', encoding='ascii') as sockets:
        for line in sockets.readlines()[1:]:
            words = line.split()
            if words[3] == LISTENS[table] and words[9] in inodes:
                ports.append(int(words[1].rpartition(':')[2], 16))
    return ports


async def listens(process, port=None, table='tcp'):
    """The port that the process listens on, once it does; None if it ends."""
    for _ in range(DEADLINE_S * 100):
        if not process.running:
            return None
        try:
            ports = listening_ports(process.pid, table)
        except FileNotFoundError:  # it has just ended
            ports = []
        if ports and port in (None, *ports):
            return ports[0]
        await asyncio.sleep(0.01)
    raise Failure(f'{process.name} does not listen')
