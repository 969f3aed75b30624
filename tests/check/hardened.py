"""What is installed is hardened, as its files say.

Memory of pointers that is read-only once they are bound, all of them bound at
the start, no stack that can be run and no code that is written to, programs at
an address of chance, and functions that notice when their stack or a buffer of
known size is written over.  Arguments: "yes" or "no", is the build one that
checks buffers; is it one that guards the stack; then the preload library, which
is bound late (see shim/meson.build) and defines the checked names itself, and
the other files.
"""
import re
import subprocess
import sys

fortified, guarded = (word == 'yes' for word in sys.argv[1:3])
preload = sys.argv[3]
failed = False


def run(*command):
    return subprocess.run(command, check=True, text=True,
                          capture_output=True).stdout


def facts(path):
    """Each fact about the file, and whether it is so."""
    head = run('readelf', '-hlW', path)
    dynamic = run('readelf', '-dW', path)
    used = {line.split()[-1].split('@')[0]
            for line in run('nm', '-D', '--undefined-only', path).splitlines()}
    stack = re.search(r'GNU_STACK\s+(?:0x\w+\s+){5}(...)', head)
    segments = re.findall(r'^\s+LOAD\s+(?:0x\w+\s+){5}(...)', head, re.M)
    yield 'pointers read-only once bound', 'GNU_RELRO' in head
    yield 'no stack that can be run', bool(stack) and 'E' not in stack[1]
    yield 'nothing both written to and run', \
        bool(segments) and not any(s[1:] == 'WE' for s in segments)
    yield 'code is not relocated', 'TEXTREL' not in dynamic
    if path != preload:
        yield 'all bound at the start', bool(
            re.search(r'FLAGS_1.*\bNOW\b', dynamic))
    if 'INTERP' in head:
        yield 'at an address of chance', bool(
            re.search(r'Type:\s+DYN', head)) and bool(
                re.search(r'FLAGS_1.*\bPIE\b', dynamic))
    if guarded:
        yield 'the stack is guarded', '__stack_chk_fail' in used
    if fortified and path != preload:
        checked = {name for name in used if re.fullmatch(r'__\w+_chk', name)}
        yield f'{len(checked)} checked calls', bool(checked)


for file in sys.argv[3:]:
    name = re.sub(r'.*/', '', file)
    for what, so in facts(file):
        print(f"{'ok' if so else 'FAILED'} {name}: {what}")
        failed = failed or not so
sys.exit(failed)
