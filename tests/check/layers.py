"""Holds every include of lib/, shim/, tools/ and examples/ to the layer map.

api > sock > tls > cred > base: a file includes its own layer and lower ones.
The tool knows what credentials are, on disk and between processes, and how a
peer's are judged; it knows no connection and no socket.  The preload library
is in every program, and knows nothing of the rest but how to reach the kernel;
its core is a layer above all.
"""
import os
import re
import sys

LAYERS = ['base', 'cred', 'tls', 'sock', 'api']
SOCKETS = re.compile(r'(sys/(socket|select|poll)|poll|netdb|netinet/.*|'
                     r'arpa/inet|net/if)\.h$')
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
EXAMPLE = re.compile(r'(zephyr/|zsock/)|(assert|ctype|errno|inttypes|limits|'
                     r'signal|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|'
                     r'time)\.h$|[a-z_]+\.h$')

LAUNCHER = ('base/', 'cred/', 'shim/rules.h')
TOOL = ('base/', 'cred/', 'tls/names.h', 'tls/rules.h')


def wrong(folder, name, bracket, target):
    """Why this include may not be, or None."""
    if folder == 'examples':
        ok = EXAMPLE.match(target) if bracket == '<' else '/' not in target
        return None if ok else 'examples know Zephyr and ISO C headers only'
    if bracket == '<':
        if folder == 'tls' and SOCKETS.match(target):
            return 'tls/ never sees a socket'
        if folder not in ('api', 'shim/core') and target.startswith(('zephyr/', 'zsock/')):
            return 'public headers belong to api/'
        return None
    if folder == 'tools/cred':
        ok = '/' not in target or target.startswith(TOOL)
        return None if ok else 'the tool knows credentials only'
    if folder == 'tools/run':
        ok = '/' not in target or target.startswith(LAUNCHER)
        return None if ok else 'the launcher knows credentials and rules only'
    layer = target.split('/')[0]
    if folder == 'shim':
        ok = target in ('base/kernel.h', 'base/resolver.h') or \
            (layer == 'shim' and target.count('/') == 1)
        return None if ok else 'the preload library needs libc alone'
    if folder == 'shim/core':
        ok = layer in LAYERS + ['shim']
        return None if ok else 'an include names its layer'
    if layer not in LAYERS:
        return 'an include names its layer'
    if LAYERS.index(layer) > LAYERS.index(folder):
        return f'{layer}/ is above {folder}/'
    return None


def check(root):
    faults = files = 0
    for folder in LAYERS + ['examples', 'shim', 'shim/core', 'tools/cred',
                            'tools/run']:
        path = os.path.join(root, os.path.join('lib', folder)
                            if folder in LAYERS else folder)
        for name in sorted(os.listdir(path)):
            if not name.endswith(('.c', '.h')):
                continue
            files += 1
            with open(os.path.join(path, name), encoding='utf-8') as source:
                for number, line in enumerate(source, 1):
                    match = INCLUDE.match(line)
                    why = match and wrong(folder, name, *match.groups())
                    if why:
                        faults += 1
                        print(f'{path}/{name}:{number}: {match[2]}: {why}')
    return faults, files


# A check that cannot fail checks nothing.
assert wrong('tls', 'x.c', '"', 'sock/sock.h')
assert wrong('tls', 'x.c', '<', 'sys/socket.h')
assert wrong('base', 'x.c', '"', 'cred/store.h')
assert wrong('sock', 'x.c', '<', 'zephyr/net/socket.h')
assert wrong('examples', 'x.c', '<', 'sys/socket.h')
assert wrong('tools/cred', 'x.c', '"', 'tls/engine.h')
assert wrong('tools/cred', 'x.c', '"', 'cred/bundle.h') is None
assert wrong('tools/run', 'x.c', '"', 'sock/sock.h')
assert wrong('tools/run', 'x.c', '"', 'shim/core.h')
assert wrong('tools/run', 'x.c', '"', 'shim/rules.h') is None
assert wrong('sock', 'x.c', '"', 'tls/engine.h') is None
assert wrong('shim', 'x.c', '"', 'base/log.h')
assert wrong('shim', 'x.c', '"', 'shim/core/marks.h')
assert wrong('shim', 'x.c', '"', 'shim/core.h') is None
assert wrong('shim/core', 'x.c', '"', 'marks.h')
assert wrong('shim/core', 'x.c', '"', 'sock/call.h') is None

faults, files = check(os.path.join(os.path.dirname(__file__), '..', '..'))
print(f'{files} files, {faults} wrong includes')
sys.exit(1 if faults or files < 40 else 0)
