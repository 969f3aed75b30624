#!/usr/bin/env python3
"""shape.py BENCH: the bench has the rows, the targets and the JSON that
docs/performance.md promises.  No time is judged."""
import json
import os
import re
import subprocess
import sys

BENCH = sys.argv[1]
failed = False

# A text of each promised row, and its target.
PROMISED = '''
plain send, added by the library, 1 thread <= 20 ns
plain send, added by the library, 2 threads, 2 sockets <= 25 ns
plain recv, added by the library, 1 thread <= 20 ns
plain recv, added by the library, 2 threads, 2 sockets <= 25 ns
write(/dev/null) with a look-up, 2 threads, 2 sockets <= 1.100 x
plain send + recv, 64 B, 1 thread <= 1.015 x
plain send + recv, 1 KiB, 1 thread <= 1.015 x
plain send + recv, 16 KiB, 1 thread <= 1.015 x
plain send + recv, 64 KiB, 1 thread <= 1.015 x
plain ping-pong, 1 B, 1 thread <= 1.040 x
TLS throughput, writes of 64 KiB, 1 thread, queued <= 0.800 x
TLS throughput, writes of 64 KiB, 2 threads <= 0.909 x
TLS throughput, writes of 16 KiB, 1 thread, queued <= 0.980 x
TLS throughput, writes of 16 KiB, 2 threads <= 1.031 x
TLS throughput, writes of 1 KiB, 1 thread, queued <= 0.800 x
TLS throughput, writes of 1 KiB, 2 threads <= 1.176 x
TLS throughput, writes of 16 KiB, 1 thread, against TCP + AEAD <= 1.053 x
TLS throughput, writes of 64 KiB, 1 thread, against TCP + AEAD <= 1.176 x
TLS, calls to send 1 MiB by writes of 64 KiB <= 32 calls
TLS, calls to receive 1 MiB by reads of 64 KiB <= 32 calls
TLS ping-pong, 1 B, 1 thread <= 0.950 x
DTLS GCM, 64 B to a server of 1 <= 1.000 x
DTLS GCM, 1,200 B to a server of 1 <= 1.000 x
DTLS CCM_8, 64 B to a server of 1 <= 1.000 x
DTLS CCM_8, 1,200 B to a server of 1 <= 1.000 x
TLS 1.3 full handshake <= 1.031 x
TLS 1.2 full handshake <= 1.031 x
TLS 1.3 resumed handshake <= 1.000 x
TLS 1.2 resumed handshake <= 1.000 x
TLS 1.3 resumed handshake against a full one of ours <= 0.526 x
TLS 1.2 resumed handshake against a full one of ours <= 0.200 x
TLS 1.3 full handshake with 145 CAs against 1 CA <= 1.031 x
TLS 1.3 connect and first echo, Nagle on <= 3000 us
TLS 1.3 new handshake, EC, against s_time and s_server <= 1.000 x
TLS 1.3 new handshake, RSA, against s_time and s_server <= 1.000 x
TLS 1.2 new handshake, EC, against s_time and s_server <= 1.000 x
TLS 1.2 new handshake, RSA, against s_time and s_server <= 1.000 x
idle TLS 1.3 server connection, RSS <= 16 KiB
idle TLS 1.3 client connection, RSS <= 26 KiB
idle TLS 1.2 client connection, RSS <= 20 KiB
poll of 1, none ready, timeout 0 <= 1.120 x
poll of 10, none ready, timeout 0 <= 1.060 x
poll of 100, none ready, timeout 0 <= 1.060 x
poll of 1,000, none ready, timeout 0 <= 1.060 x
poll of 1, the last one ready, timeout > 0 <= 0.650 x
poll of 10, the last one ready, timeout > 0 <= 0.450 x
poll of 100, the last one ready, timeout > 0 <= 0.450 x
poll of 1,000, the last one ready, timeout > 0 <= 0.450 x
foreign read, no kernel, added <= 5 ns
foreign send, no kernel, added <= 5 ns
foreign close, no kernel, added, core loaded <= 5 ns
exec of true, added by the preload library <= 80 us
TLS recv of 16 KiB under the preload library <= 1.050 x
TLS send of 16 KiB under the preload library <= 1.050 x
nginx, kept connections <= 1.020 x
nginx, a connection a request <= 1.020 x
'''.strip().splitlines()

KEYS = ['metric', 'unit', 'ours', 'baseline', 'ratio', 'target', 'met']


def case(name, bad):
    global failed
    print(f'ok {name}' if not bad else f'FAILED {name}: {bad}')
    failed = failed or bool(bad)


def run(*args, path=None):
    env = dict(os.environ, **({'PATH': path} if path is not None else {}))
    return subprocess.run([BENCH, *args], capture_output=True, text=True,
                          env=env, timeout=120)


def listed(*parts):
    """The rows of --list: (metric, unit, target)."""
    rows = []
    for line in run('--list', *parts).stdout.splitlines():
        m = re.match(r'\S+ +(.*?) +(\S+) +(-|<= .*)$', line)
        rows.append((m[1], m[2], m[3]) if m else (line, None, None))
    return rows


def wrong_row(row):
    """What is wrong with one row, or None."""
    if list(row) != KEYS:
        return f'keys {list(row)}'
    for key in ('ours', 'baseline', 'ratio'):
        if type(row[key]) not in (int, float):
            return f'{key} of {row["metric"]}'
    if row['target'] is None:
        return None if row['met'] is None else f'met of {row["metric"]}'
    absolute = row['metric'].endswith(' (absolute)')
    value = row['ours'] if absolute else row['ratio']
    # As it is printed the value is rounded.
    if abs(value - row['target']) < 0.001 * row['target']:
        return None if type(row['met']) is bool else 'met is no bool'
    if row['met'] is not (value <= row['target']):
        return f'met of {row["metric"]}'
    return None


def every_promised_row():
    have = {f'{metric.replace(" (absolute)", "")} {target}'
            for metric, _, target in listed()}
    return [text for text in PROMISED if text not in have]


def absolute_targets_say_so():
    return [metric for metric, _, target in listed()
            if (target.startswith('<=') and not target.endswith(' x')) !=
            metric.endswith(' (absolute)')]


def json_is_rows_alone():
    done = run('--json', '--rounds', '2', 'table')
    if done.returncode != 0:
        return done.stderr
    rows = json.loads(done.stdout)
    bad = [why for why in map(wrong_row, rows) if why]
    if [(r['metric'], r['unit']) for r in rows] != \
            [row[:2] for row in listed('table')]:
        bad.append('not the rows of --list')
    return bad


def text_is_a_table():
    done = run('--rounds', '1', 'table')
    head, *rows = done.stdout.splitlines()
    bad = [] if head.split() == ['metric', 'unit', 'ours', 'baseline', 'ratio',
                                 'target', 'met'] else [head]
    return bad + [row for row in rows
                  if not re.search(r'(- +-|<= .* (NOT )?met)$', row)]


def what_cannot_be_measured():
    done = run('--json', '--rounds', '1', 's_time', path='')
    if done.returncode != 0 or json.loads(done.stdout) != []:
        return done.stdout + done.stderr
    return [metric for metric, *_ in listed('s_time')
            if f'no row "{metric}": no openssl here' not in done.stderr]


def wrong_words():
    bad = []
    for args in (['nothing'], ['--rounds', '0'], ['--rounds', '129'],
                 ['--rounds', 'x'], ['--bad'], ['scale', 'table']):
        done = run(*args)
        if done.returncode != 2 or done.stdout != '' or done.stderr == '':
            bad.append(args)
    return bad


# A check that cannot fail checks nothing.
GOOD = {'metric': 'a', 'unit': 'us', 'ours': 2, 'baseline': 1, 'ratio': 2.0,
        'target': 3, 'met': True}
assert not wrong_row(GOOD) and wrong_row(GOOD | {'met': False})
assert wrong_row(GOOD | {'target': None}) and wrong_row(GOOD | {'ours': '2'})
assert wrong_row(GOOD | {'metric': 'a (absolute)', 'ours': 4})

for test in (every_promised_row, absolute_targets_say_so, json_is_rows_alone,
             text_is_a_table, what_cannot_be_measured, wrong_words):
    case(test.__name__, test())
sys.exit(failed)
