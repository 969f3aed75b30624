"""coverage.py SUMMARY FOLDER=PERCENT...: which lines have been run.

The summary is gcovr's, of the whole tree.  Prints each folder, its worst files,
and whether enough of its lines have been run; ends with 1 if not.
"""
import collections
import json
import os
import sys

WORST = 6


def percent(counts):
    return 100 * counts[0] / counts[1] if counts[1] else 100


def main():
    with open(sys.argv[1], encoding='utf-8') as source:
        files = json.load(source)['files']
    folders = collections.defaultdict(lambda: [0, 0])
    for file in files:
        parts = os.path.dirname(file['filename']).split('/')
        for depth in range(1, len(parts) + 1):
            counts = folders['/'.join(parts[:depth])]
            counts[0] += file['line_covered']
            counts[1] += file['line_total']
    for name in sorted(folders):
        counts = folders[name]
        print(f'{name:12} {percent(counts):5.1f} % of {counts[1]} lines')
    files.sort(key=lambda f: f['line_covered'] - f['line_total'])
    for file in files[:WORST]:
        print(f"  {file['filename']}: {file['line_total'] - file['line_covered']}"
              f" of {file['line_total']} lines not run")
    failed = False
    for want in sys.argv[2:]:
        name, limit = want.split('=')
        so = percent(folders[name]) >= float(limit)
        print(f"{'ok' if so else 'FAILED'} {name}/: "
              f'{percent(folders[name]):.1f} % of lines, wanted {limit} %')
        failed = failed or not so
    sys.exit(failed)


main()
