"""The public headers compile in every order, language and mode; TAP output.

Each header is compiled alone, and before and after each of libc's own: the two
that bring libc's socket headers by every compiler in every language, the others
so with all of libc's at once and by the first compiler with each; in host and in
firmware mode, with and without POSIX names.  Then tests/headers/ is compiled,
and where it is a program, run.  Arguments are ignored.
"""
import glob
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
INCLUDE = f'{ROOT}/include'
TESTS = f'{ROOT}/tests/headers'

WARN = ['-Wall', '-Wextra', '-Wshadow', '-Wundef', '-Werror',
        '-DZSOCK_HEADER_WARNINGS=1']  # this check wants to see them all
# What a program may be compiled with that sees the headers as it should.
CASTS = ['-pedantic', '-Wold-style-cast', '-Wconversion', '-Wsign-conversion']
PICKY = {'gcc': ('c99', ['-pedantic', '-Wcast-qual', '-Wconversion']),
         'clang': ('c99', ['-pedantic', '-Wcast-qual', '-Wconversion']),
         'g++': ('c++17', [*CASTS, '-Wuseless-cast']),
         'clang++': ('c++17', CASTS)}
STDS = {'gcc': ['gnu11', 'c11', 'c17'], 'g++': ['c++17', 'c++11'],
        'clang': ['gnu11', 'c11', 'c17'], 'clang++': ['c++17', 'c++11']}
LIBC = ['sys/socket.h', 'netinet/in.h', 'arpa/inet.h', 'netdb.h', 'poll.h',
        'sys/select.h', 'unistd.h', 'fcntl.h', 'sys/ioctl.h', 'net/if.h',
        'sys/eventfd.h', 'sys/time.h', 'pthread.h', 'stdlib.h']
PAIRED = ['zephyr/net/socket.h', 'zephyr/net/net_ip.h']  # bring libc's headers
POSIX = '-DCONFIG_NET_SOCKETS_POSIX_NAMES=1'
HOST = ['-U_FORTIFY_SOURCE', '-I' + INCLUDE]
FIRMWARE = [f'-I{INCLUDE}/firmware', f'-I{INCLUDE}', '-D__ZEPHYR__=1',
            '-DZSOCK_FIRMWARE=1', '-U_FORTIFY_SOURCE', '-U_FILE_OFFSET_BITS',
            '-include', 'zsock/autoconf.h']
MODES = {'host': HOST, 'host, POSIX names': HOST + [POSIX],
         'firmware': FIRMWARE, 'firmware, POSIX names': FIRMWARE + [POSIX]}


def run(*command, source=None):
    done = subprocess.run(command, input=source, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


def diagnose(command, output, source=''):
    text = ' '.join(command) + '\n' + source + output
    return '\n'.join('# ' + line for line in text.splitlines()[:25])


def compiles(compiler, std, flags, source, wanted=None):
    """None if source, a text or a file, compiles; or if it is refused so."""
    name, text = (source, '') if source.startswith('/') else ('-', source)
    command = [compiler, '-std=' + std, *WARN, '-fsyntax-only', *flags, '-x',
               'c++' if '++' in compiler else 'c', name]
    code, output = run(*command, source=text)
    right = code == 0 if wanted is None else code != 0 and wanted in output
    return None if right else diagnose(command, output, text)


def works(compiler, optimize, flags):
    """Links the POSIX names with the stub; each must reach it."""
    cc = {'g++': 'gcc', 'clang++': 'clang'}.get(compiler, compiler)
    plain = [*optimize, *(f for f in flags if f != POSIX)]
    lang = ['-x', 'c++'] if '++' in compiler else ['-std=gnu11']
    with tempfile.TemporaryDirectory() as build:
        exe, stub = f'{build}/posix_names', f'{build}/stub.o'
        for command in (
                [cc, *plain, '-c', f'{TESTS}/posix_stub.c', '-o', stub],
                [compiler, *optimize, *flags, *WARN, *lang, '-c',
                 f'{TESTS}/posix_names.c', '-o', exe + '.o'],
                [compiler, *optimize, exe + '.o', stub, '-o', exe], [exe]):
            code, output = run(*command)
            if code != 0:
                return diagnose(command, output)
    return None


def covered():
    """Every constant of the headers is in the table of eras.c."""
    with open(f'{TESTS}/eras.c', encoding='utf-8') as table:
        known = set(re.findall(r'\w+', table.read()))
    missing = set()
    for name in 'zephyr/net/net_ip', 'zephyr/net/socket_poll', 'zsock/options':
        with open(f'{INCLUDE}/{name}.h', encoding='utf-8') as text:
            missing |= set(re.findall(r'^#define ((?:NET|ZSOCK|DNS)_\w+) [^\\]',
                                      text.read(), re.M)) - known
    missing.discard('DNS_MAX_NAME_SIZE')
    return '# not in eras.c: ' + ' '.join(sorted(missing)) if missing else None


def plan():
    """(name, [(function, arguments)]): what one line of the report covers."""
    have = [c for c in STDS if shutil.which(c)]
    first = [(c, STDS[c][0]) for c in have]
    every = [(c, std) for c in have for std in STDS[c]]
    headers = sorted(h for h in glob.glob('*/**/*.h', root_dir=INCLUDE,
                                          recursive=True)
                     if not h.startswith(('firmware/', 'zsock/detail/')))
    for (mode, flags), header in itertools.product(MODES.items(), headers):
        forward = header.startswith(('net/', 'zephyr/posix/'))
        line = f'#include <{header}>\n'
        cases = [(*w, flags, line) for w in (first if forward else every)]
        single = [f'#include <{h}>\n' for h in LIBC]
        others = single if header in PAIRED else [''.join(single)]
        cases += [(*w, flags, source) for w in every for o in others
                  for source in (line + o, o + line) if not forward]
        if header not in PAIRED and POSIX not in flags:
            cases += [(*first[0], flags, source) for o in single
                      for source in (line + o, o + line)]
        yield f'<{header}> ({mode})', [(compiles, case) for case in cases]
    for mode, flags in MODES.items():
        for name in ('layout', 'eras', 'members', 'service', 'new_era',
                     'old_era'):
            who = [w for w in every if '_' not in name or '+' not in w[0]]
            if name != 'old_era' or 'firmware' in mode:
                yield f'{name}.c ({mode})', [
                    (compiles, (*w, flags, f'{TESTS}/{name}.c')) for w in who]
        for own in ('', '-DOWN_MS', '-DOWN_NONE'):
            yield f'own_kernel.c {own} ({mode})', [
                (compiles, (*w, [*flags, f'-I{TESTS}/own_kernel',
                                 *filter(None, [own])],
                            f'{TESTS}/own_kernel.c')) for w in every]
        if POSIX in flags:
            for o in (['-O0'], ['-O2'], ['-O2', '-flto']):
                yield f'posix_names.c {" ".join(o)} ({mode})', [
                    (works, (c, o, flags)) for c in have]
        unseen = [*flags, '-UZSOCK_HEADER_WARNINGS']
        yield f'every header under picky warnings ({mode})', [
            (compiles, (c, PICKY[c][0], [*unseen, *PICKY[c][1]], source))
            for c in have for source in
            [f'#include <{h}>\nextern int x;\n' for h in headers] +
            [f'{TESTS}/picky.c']]
    line = f'#include <{PAIRED[0]}>\n'
    for mode, flags, header in (('host', HOST, PAIRED[0]),
                                ('firmware', FIRMWARE, PAIRED[0]),
                                ('firmware', FIRMWARE, 'sys/select.h')):
        late = f'#include <{header}>\n#define CONFIG_POSIX_API 1\n' + line
        yield f'a define after <{header}> is refused ({mode})', [
            (compiles, (*w, flags, late, 'define it before')) for w in first]
        yield f'a header may come twice ({mode}, <{header}>)', [
            (compiles, (*w, [*flags, *names], f'#include <{header}>\n{line}'))
            for w in first for names in ([], [POSIX])]
    yield 'autoconf.h of the application', [
        (compiles, (*w, [*FIRMWARE, f'-I{TESTS}/own_autoconf',
                         '-DZSOCK_AUTOCONF="autoconf.h"'],
                    f'{TESTS}/own_autoconf.c')) for w in every]
    for flag in ('_FORTIFY_SOURCE=2', '_FILE_OFFSET_BITS=64'):
        flags = ['-I' + INCLUDE, '-O2', '-U_FORTIFY_SOURCE', '-D' + flag]
        cure = f'-U{flag.split("=", maxsplit=1)[0]} after every -D'
        yield f'{flag} with POSIX names is refused', [
            (compiles, (*w, [*flags, POSIX], line, cure)) for w in first]
        yield f'{flag} without them is taken', [
            (compiles, (*w, flags, line)) for w in first]
    yield 'eras.c has every constant', [(covered, ())]


def main():
    lines = list(plan())
    missing = [c for c in STDS if not shutil.which(c)]
    in_ci = os.environ.get('CI') == 'true'
    failed = in_ci * len(missing)
    print(f'1..{len(lines) + len(missing)}')
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [(name, [pool.submit(f, *args) for f, args in cases])
                for name, cases in lines]
        for number, (name, cases) in enumerate(jobs, 1):
            faults = list(filter(None, (c.result() for c in cases)))
            failed += bool(faults)
            print(f'{"not ok" if faults else "ok"} {number} - {name}: '
                  f'{len(cases) - len(faults)} of {len(cases)}',
                  *faults[:1], sep='\n', flush=True)
    for number, compiler in enumerate(missing, len(lines) + 1):
        print(f'{"not ok" if in_ci else "ok"} {number} - {compiler}'
              f'{": " if in_ci else " # SKIP "}{compiler} is not installed')
    sys.exit(1 if failed else 0)


main()
