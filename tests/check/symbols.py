"""What the libraries export: nothing less, nothing more.

libzsock.so what the headers declare, and zsock.map lists; the preload library
what it wraps; and its core the one entry.
"""
import os
import re
import subprocess
import sys

root = os.path.join(os.path.dirname(__file__), '..', '..')
library, preload, core = sys.argv[1:4]


def declared():
    """Names after ZSOCK_API in the headers, and the POSIX edge."""
    names = set()
    sources = [os.path.join(root, 'lib', 'api', 'posix.h')]
    for folder, _, files in os.walk(os.path.join(root, 'include')):
        sources += [os.path.join(folder, f) for f in files if f.endswith('.h')]
    for path in sources:
        with open(path, encoding='utf-8') as source:
            text = re.sub(r'/\*.*?\*/|^#[^\n]*', '', source.read(),
                          flags=re.S | re.M)
        names |= set(re.findall(r'\bZSOCK_API\b[^;(]*?(\w+)\s*\(', text))
    return names


def run(*command):
    return subprocess.run(command, check=True, text=True,
                          capture_output=True).stdout


def defined(path):
    """The names that others can bind to."""
    names = {line.split()[-1].split('@')[0]
             for line in run('nm', '-D', '--defined-only', path).splitlines()}
    return {n for n in names if not n.startswith('ZSOCK_')}


def rows(name):
    """The names of a table of calls."""
    with open(os.path.join(root, 'shim', name), encoding='utf-8') as source:
        return set(re.findall(r'^[A-Z_]+\([^,]+, (\w+),', source.read(), re.M))


def wrapped():
    """What the files of the preload library define for the program."""
    names = rows('wrapped.def')
    for name in os.listdir(os.path.join(root, 'shim')):
        if name.endswith('.c'):
            with open(os.path.join(root, 'shim', name),
                      encoding='utf-8') as source:
                text = source.read()
            for head in re.findall(r'^EXPORT [^;{]*', text, re.M):
                own = re.search(r'__asm__\(\s*"(\w+)"\)', head)
                names.add(own[1] if own else
                          re.match(r'[^(]*?(\w+)\(', head)[1])
            names |= set(re.findall(r'\.globl (\w+)', text))
    return names


def listed():
    """Names of zsock.map, each with its version."""
    with open(os.path.join(root, 'lib', 'zsock.map'),
              encoding='utf-8') as source:
        text = re.sub(r'/\*.*?\*/', '', source.read(), flags=re.S)
    return {f'{name}@@{node}'
            for node, names in re.findall(r'(\w[\w.]*) {([^}]*)}', text)
            for name in re.findall(r'(\S+);', names.split('local:')[0])}


def versioned(path):
    """The names with their versions, but not those of the versions."""
    return {word for line in run('nm', '-D', '--defined-only',
                                 '--with-symbol-versions', path).splitlines()
            for word in line.split()[2:]
            if '@' in word}


def kept():
    """The number of differences between zsock.map and the library."""
    want, exported = listed(), versioned(library)
    for name in sorted(want - exported):
        print(f'{name} of lib/zsock.map is not in the library: programs that '
              'were linked with a release do not start; keep it, or raise the '
              'first number of the version as zsock.map says')
    for name in sorted(exported - want):
        print(f'{name} is not in lib/zsock.map by its name')
    return len(want ^ exported)


def compare(path, want):
    """The number of names that are amiss."""
    exported = defined(path)
    for name in sorted(want - exported):
        print(f'{path}: {name} is not exported; the list of exported names is '
              'a .map beside its sources')
    for name in sorted(exported - want):
        print(f'{path}: {name} is exported, and should not be')
    print(f'{path}: {len(exported)} exported, {len(want)} wanted')
    return len(want ^ exported)


want = declared()
amiss = compare(library, want) + kept()
amiss += compare(preload, wrapped())
amiss += compare(core, {'zsock_core_start'})
for name in sorted(rows('special.def') - wrapped()):
    print(f'{name} is looked up, but not wrapped')
    amiss += 1
needs = re.findall(r'NEEDED.*\[(.*)\]', run('readelf', '-d', preload))
for name in needs:
    if not name.startswith(('libc.so', 'ld-linux', 'ld-')):
        print(f'{preload} needs {name}')
        amiss += 1
dynamic = run('readelf', '-d', library)
soname = re.search(r'SONAME.*\[(.*)\]', dynamic)
soname = soname and soname[1]
if soname != 'libzsock.so.0':
    print(f'the soname is {soname}, not libzsock.so.0')
stays = 'NODELETE' in dynamic
if not stays:
    print('dlclose would unmap it under its threads')
sys.exit(0 if amiss == 0 and len(want) > 40 and soname == 'libzsock.so.0'
         and stays else 1)
