"""One script of socket calls, three programs: where the library differs.

The arguments are the script compiled with the POSIX names, with the zsock_
names, and without the library.  In each profile the first two say the same; in
the linux profile they say what Linux says, but for the calls of EXCEPTIONS; and
in the profile zephyr they differ from it in exactly the lines that name a row
of a table for it.  What Zephyr 3.3 says is compared with tests/script/3.3.txt;
--print prints what belongs there.  TAP output.
"""
import difflib
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(__file__), '..', '..')
EXPECTED = 'tests/script/3.3.txt'
CALLS = 200  # at least
# Zephyr 3.3 waits this out whenever nobody listens.
LIMITS = 'CONFIG_NET_SOCKETS_CONNECT_TIMEOUT=100\n'

# What the library cannot give in the linux profile: the words of zsock(7) that
# say so and why.
EXCEPTIONS = {
    'FCNTL_GETFD': 'says that it is closed on',
    'FCNTL_DUPFD': 'a socket has one number',
}
TAGS = re.compile(r' \{([\w ]+)\}$')


def read(path):
    with open(f'{ROOT}/{path}', encoding='utf-8') as file:
        return file.read()


def run(program, profile=None):
    """The lines of one run."""
    env = {k: v for k, v in os.environ.items() if not k.startswith('ZSOCK_')}
    env |= {'LC_ALL': 'C', 'ZSOCK_LOG': 'off'}
    if profile is not None:
        env['ZSOCK_PROFILE'] = profile
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as limits:
        if profile == 'zephyr-3.3':
            limits.write(LIMITS)
            limits.flush()
            env['ZSOCK_LIMITS'] = limits.name
        done = subprocess.run([program], env=env, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=120)
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines or lines[-1] != '# the end':
        lines.append(f'{program} ended early, with {done.returncode}')
    return lines


def tags(line):
    found = TAGS.search(line)
    return set(found[1].split()) if found else set()


def same(left, right):
    return list(difflib.unified_diff(left, right, lineterm='', n=0))


def pairs(left, right):
    """The lines of two runs of one script, call by call."""
    if len(left) != len(right):
        raise SystemExit('Bail out! the runs are not of one length:\n' +
                         '\n'.join(same(left, right)))
    return zip(left, right)


def linux_alike(ours, linux):
    return [line for a, b in pairs(ours, linux) if a != b and
            not tags(a) & set(EXCEPTIONS) for line in ('ours: ' + a,
                                                       'host: ' + b)]


def idle(ours, linux):
    """Exceptions that are none."""
    needed = set().union(*(tags(a) for a, b in pairs(ours, linux) if a != b))
    return sorted(set(EXCEPTIONS) - needed)


def unnamed(device, linux):
    return [line for a, b in pairs(device, linux) if a != b and not tags(a)
            for line in ('device: ' + a, 'host:   ' + b)]


def needless(device, linux):
    return [a for a, b in pairs(device, linux) if a == b and tags(a)]


def unknown(lines):
    """Tags that are no row that zsock(7) prints."""
    page = re.sub(r'\s+', ' ', read('docs/man/zsock.7'))
    quirks = set(re.findall(r'^QUIRK\((\w+),', read('lib/base/quirks.def'),
                            re.M))
    options = set(re.findall(r'^(?:STREAM|DGRAM|BOTH)\(\w+, (\w+),',
                             read('lib/sock/native_options.def'), re.M))
    options = {o for o in options if re.search(rf'\b{o}\b', page)}
    missing = [f'{tag}: zsock(7) does not say "{words}"'
               for tag, words in EXCEPTIONS.items() if words not in page]
    used = set().union(*map(tags, lines))
    return missing + sorted(used - quirks - options - set(EXCEPTIONS))


def few(lines):
    calls = [line for line in lines if re.match(r'\d{3} ', line)]
    print(f'# {len(calls)} calls, {sum(map(bool, map(tags, calls)))} of which '
          'differ from Linux')
    return [] if len(calls) >= CALLS else [f'only {len(calls)} calls']


def main():
    posix, zsock, libc = sys.argv[1:4]
    profiles = ['zephyr', 'zephyr-3.3', 'linux']
    by_posix = {p: run(posix, p) for p in profiles}
    by_zsock = {p: run(zsock, p) for p in profiles}
    linux, device = run(libc), by_posix['zephyr']
    if '--print' in sys.argv:
        print('\n'.join(by_posix['zephyr-3.3']))
        return
    checks = {f'both names say the same in the profile {p}':
              same(by_posix[p], by_zsock[p]) for p in profiles}
    checks |= {
        'there are enough calls': few(device),
        'the default profile is zephyr': same(device, run(posix)),
        'the linux profile is Linux': linux_alike(by_posix['linux'], linux),
        'every exception of it is one': idle(by_posix['linux'], linux),
        'every difference of the device has a row': unnamed(device, linux),
        'every row that is named is a difference': needless(device, linux),
        'every row that is named is printed in zsock(7)': unknown(device),
        'Zephyr 3.3 is as expected': same(read(EXPECTED).splitlines(),
                                          by_posix['zephyr-3.3']),
    }
    print(f'1..{len(checks)}')
    for i, (name, wrong) in enumerate(checks.items(), 1):
        print('not ok' if wrong else 'ok', i, '-', name)
        for line in wrong[:40]:
            print('#  ', line)
    sys.exit(any(checks.values()))


# A check that cannot fail checks nothing.
assert tags('001 f(): 0 [x] {A B_C}') == {'A', 'B_C'} and not tags('f(): 0 {')
assert unnamed(['a'], ['b']) and not unnamed(['a {T}'], ['b'])
assert needless(['a {T}'], ['a {T}']) and not needless(['a'], ['a'])

main()
