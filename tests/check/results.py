"""Adds up Meson's log: tests of cmocka, of scripts and TAP count one by one.

Prints how much interop tested, and what failed or was skipped; then a line
"PASSED FAILED SKIPPED".
"""
import json
import re
import sys

LINE = re.compile(r'^(?:\[\s+(OK|FAILED|SKIPPED) \] (?!\d+ test)|'
                  r'(?-i:(ok|FAILED|skipped) (?=[A-Za-z_]))|'
                  r'(ok|not ok) \d+(.*# SKIP.*)?)', re.M | re.I)


def count(test):
    """How many results of each kind one test program reported."""
    passed = failed = skipped = 0
    listing = re.split(r'^\[=+\] \d+ test\(s\) run', test['stdout'], 1, re.M)[0]
    for word, case, tap, skip in LINE.findall(listing):
        word = word or case.upper() or tap.upper()
        if skip or word == 'SKIPPED':
            skipped += 1
        elif word == 'OK':
            passed += 1
        else:
            failed += 1
    if test['result'] == 'SKIP':
        return 0, 0, 1
    if test['result'] not in ('OK', 'EXPECTEDFAIL'):
        failed = max(failed, 1)
    elif passed + failed + skipped == 0:
        passed = 1
    return passed, failed, skipped


def main():
    total = [0, 0, 0]
    with open(sys.argv[1], encoding='utf-8') as log:
        tests = [json.loads(line) for line in log]
    for test in tests:
        for size in re.findall(r'^# (interop: .*)', test['stdout'], re.M):
            print(size)
        counts = count(test)
        total = [a + b for a, b in zip(total, counts)]
        if counts[1]:
            print(f"FAILED {test['name']} ({test['result']})")
            print(test['stdout'][-6000:] + test.get('stderr', '')[-6000:])
        elif counts[2]:
            reasons = re.findall(r'(?i)skip.*', test['stdout'])
            print(f"skipped {test['name']}:", '; '.join(reasons) or 'no reason')
    print(*total)


main()
