"""tidy.py BUILD_DIR [FILE...]: clang-tidy over these files or the whole tree.

What tests/check/suppressed.txt names, by file and check, is not told; a line of
it that no longer has a meaning is.
"""
import concurrent.futures
import glob
import os
import re
import subprocess
import sys

build = os.path.realpath(sys.argv[1])
root = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
FOLDERS = ('lib/*', 'shim', 'shim/*', 'tools/*', 'examples', 'tests/support',
           'tests/bench')
EACH = 4  # files of one run
FOUND = re.compile(r'^(\S+?):(\d+:\d+: (?:warning|error): .*'
                   r'\[([a-z][\w.-]+)[\],].*)', re.I)


def suppressed():
    """The checks left out everywhere, and the (file, check) of the others."""
    everywhere, single = [], set()
    with open(os.path.join(root, 'tests', 'check', 'suppressed.txt'),
              encoding='utf-8') as file:
        for line in file:
            words = re.sub('#.*', '', line).split()
            if words[:2] == ['clang-tidy', '*']:
                everywhere.append('-' + words[2])
            elif words[:1] == ['clang-tidy']:
                single.add((words[1], words[2]))
    return everywhere, single


def run(files, checks):
    """What is told of the files, each as (file, check) and text."""
    tidy = subprocess.run(
        ['clang-tidy-14', '--quiet', '-p', build, '--header-filter=.*',
         '--checks=' + checks, *files],
        cwd=root, text=True, check=False, capture_output=True)
    told, kept = [], False
    for line in tidy.stdout.splitlines():
        found = FOUND.match(line)
        if found:
            path = os.path.realpath(os.path.join(build, found[1]))
            file = os.path.relpath(path, root)
            kept = not file.startswith('..')
            if kept:
                told.append(((file, found[3]), f'{file}:{found[2]}'))
        elif kept and ': note: ' in line:
            told[-1] = (told[-1][0], told[-1][1] + '\n    ' +
                        os.path.basename(line))
    if tidy.returncode != 0 and not told:
        told.append((('', 'failed'), tidy.stdout + tidy.stderr))
    return told


def main():
    everywhere, single = suppressed()
    checks = ','.join(['-*', 'bugprone-*', 'clang-analyzer-*', *everywhere])
    files = sys.argv[2:] or sorted(
        os.path.relpath(f, root) for folder in FOLDERS
        for f in glob.glob(os.path.join(root, folder, '*.c')))
    groups = [files[i:i + EACH] for i in range(0, len(files), EACH)]
    used, seen, failed = set(), set(), 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for told in pool.map(lambda group: run(group, checks), groups):
            for key, text in told:
                if key in single:
                    used.add(key)
                elif text not in seen:
                    seen.add(text)
                    failed += 1
                    print(text, flush=True)
    for key in sorted(single - used) if not sys.argv[2:] else []:
        print('suppressed.txt: nothing is found any more of', *key)
        failed += 1
    print(f'{len(files)} files, {failed} findings, {len(used)} argued')
    sys.exit(failed > 0)


main()
