"""Python's own tests natively and under zsock-run: the same result of each.

suites.py [ZSOCK_RUN...] -- MODULE...
Both run at once, each in a directory of its own.
"""
import concurrent.futures
import re
import subprocess
import sys
import tempfile

PYTHON = '/usr/bin/python3'
# The kernel of a virtual machine may take VSOCK connections and never answer.
IGNORED = ['*VSOCK*', '*Vsock*']
# A test's own words may come between its name and what became of it.
LINE = re.compile(r'^(\w+ \([\w.]+\))(?:\n.*)? \.\.\. '
                  r'(?:.*\n(?!.* \.\.\. )){0,5}?.*?'
                  r'\b(ok|FAIL|ERROR|skipped .*|expected failure)$', re.M)


def run(prefix, module):
    ignored = [word for name in IGNORED for word in ('-i', name)]
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            [*prefix, PYTHON, '-E', '-m', 'test', '-v', *ignored, module],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, cwd=place, timeout=280, check=False)
    text = done.stdout.decode(errors='replace')
    results = {name: re.sub(r'\d+', 'N', result)
               for name, result in LINE.findall(text)}
    count = re.search(r'^Ran (\d+) tests?', text, re.M)
    return done.returncode, count and count[1], results, text


def compare(module, native, shim):
    differ = [f'{name}: natively {native[2].get(name)},'
              f' here {shim[2].get(name)}'
              for name in sorted(native[2].keys() | shim[2].keys())
              if native[2].get(name) != shim[2].get(name)]
    for i, what in enumerate(('exit', 'tests')):
        if native[i] != shim[i]:
            differ.append(f'{what}: natively {native[i]}, here {shim[i]}')
    name = module.replace('.', '_') + '_is_as_ever'
    if native[1] is None or int(native[1]) < 1 or not native[2]:
        differ.append('natively there is nothing to compare')
    if not differ:
        print(f'ok {name}')
        print(f'# {module}: {native[1]} tests, {len(native[2])} compared')
        return True
    print(f'FAILED {name}:', '; '.join(differ[:20]))
    print(shim[3][-3000:])
    return False


def main():
    split = sys.argv.index('--')
    under, modules = [*sys.argv[1:split], '--'], sys.argv[split + 1:]
    good = True
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = [(module, pool.submit(run, [], module),
                 pool.submit(run, under, module)) for module in modules]
        for module, native, shim in jobs:
            good = compare(module, native.result(), shim.result()) and good
            sys.stdout.flush()
    sys.exit(0 if good else 1)


main()
