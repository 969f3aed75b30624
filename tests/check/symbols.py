"""libzsock.so exports what the headers declare: nothing less, nothing more."""
import os
import re
import subprocess
import sys

root = os.path.join(os.path.dirname(__file__), '..', '..')
library = sys.argv[1]


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


exported = {line.split()[-1].split('@')[0]
            for line in run('nm', '-D', '--defined-only', library).splitlines()}
exported = {n for n in exported if not n.startswith('ZSOCK_')}
want = declared()
for name in sorted(want - exported):
    print(f'{name} is declared but not exported')
for name in sorted(exported - want):
    print(f'{name} is exported but not declared')
dynamic = run('readelf', '-d', library)
soname = re.search(r'SONAME.*\[(.*)\]', dynamic)
soname = soname and soname[1]
if soname != 'libzsock.so.0':
    print(f'the soname is {soname}, not libzsock.so.0')
stays = 'NODELETE' in dynamic
if not stays:
    print('dlclose would unmap it under its threads')
print(f'{len(exported)} exported, {len(want)} declared')
sys.exit(0 if want == exported and soname == 'libzsock.so.0' and stays
         else 1)
