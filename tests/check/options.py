"""zsock(7) prints the rows of lib/sock/native_options.def, a column a profile.

Says what the page must have between its two markers if it has not; with the
argument --print, says it in any case.  Other arguments are ignored.
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(__file__), '..', '..')
ROWS = f'{ROOT}/lib/sock/native_options.def'
NUMBERS = f'{ROOT}/lib/sock/option_numbers.h'  # what only Zephyr has
PAGE = f'{ROOT}/docs/man/zsock.7'
BEGIN = '.\\" The rows of native_options.def:'
END = '.\\" End of the options.'
KINDS = {'STREAM': 'TCP', 'DGRAM': 'UDP', 'BOTH': 'both'}
WORDS = {'NONE': '-', 'REFUSED': '-', 'GET': 'get', 'SET': 'set',
         'GET_SET': 'get, set', 'IGNORED': 'ignored'}

ROW = re.compile(r'^(STREAM|DGRAM|BOTH)\((\w+), (\w+), ([\w ]+),\s(.*?)\)\n',
                 re.M | re.S)


def rows(source):
    """[kinds, level, name, type, column...], a row for each option."""
    source = re.sub(r'/\*.*?\*/', '', source, flags=re.S)
    table = {}
    for kinds, level, name, kind, rest in ROW.findall(source):
        columns = [c.strip() for c in rest.split(',')[-3:]]
        row = table.setdefault((level, name), [set(), kind, ['-'] * 3])
        if any(WORDS[c] != '-' for c in columns):
            row[0].add(KINDS[kinds])
        for i, column in enumerate(columns):
            word = WORDS[column]
            if word == '-':
                continue
            # Two rows of one profile are its two directions.
            row[2][i] = word if row[2][i] == '-' else 'get, set'
    return [['both' if len(on) != 1 else on.pop(), level, name, kind, *columns]
            for (level, name), (on, kind, columns) in table.items()]


def mdoc(table, zephyrs):
    lines, last = [], None
    for on, level, name, kind, *columns in table:
        if level != last:
            lines.append(f'.It Dv {level}' + 5 * ' Ta')
            last = level
        if columns[2] == '-' and name not in zephyrs:
            columns[2] = "kernel's"
        columns = ['\\-' if c == '-' else c for c in columns]
        lines.append(f'.It Dv {name} Ta Vt {kind} Ta ' +
                     ' Ta '.join([on, *columns]))
    return lines


def main():
    with open(ROWS, encoding='utf-8') as file:
        source = file.read()
    with open(NUMBERS, encoding='utf-8') as file:
        zephyrs = re.findall(r'OPTION_(\w+) =', file.read())
    table = rows(source)
    want = [BEGIN, '.Bl -column "IPV6_ADDR_PREFERENCES" "struct ipv6_mreq" '
            '"both" "get, set" "zephyr-3.3" "kernel\'s" -compact',
            '.It Sy Option Ta Sy Value Ta Sy On Ta Cm zephyr Ta '
            'Cm zephyr-3.3 Ta Cm linux'] + mdoc(table, zephyrs) + ['.El', END]
    with open(PAGE, encoding='utf-8') as file:
        page = file.read()
    found = len(set(re.findall(r'^(?:STREAM|DGRAM|BOTH)\(\w+, (\w+)', source,
                               re.M)))
    whole = len(table) == found and found > 30
    same = '\n'.join(want) + '\n' in page and page.count(BEGIN) == 1
    if '--print' in sys.argv or not same:
        print('\n'.join(want))
    if not same:
        print(f'{PAGE} has not the rows above; they belong there as they are, '
              'between its markers', file=sys.stderr)
    print(f'{len(table)} of {found} options', file=sys.stderr)
    sys.exit(0 if same and whole else 1)


# A check that cannot fail checks nothing.
assert rows('BOTH(L, A, int, EXACTLY(int), s, g,\n    GET_SET, NONE, NONE)\n'
            'BOTH(L, A, int, ANYTHING, s, NULL, NONE, IGNORED, NONE)\n'
            'DGRAM(L, B, struct x, BETWEEN(1, 2), s, NULL,\n SET, SET, SET)\n'
            'DGRAM(L, B, int, ROOM(int), NULL, g, GET, NONE, NONE)\n') == [
    ['both', 'L', 'A', 'int', 'get, set', 'ignored', '-'],
    ['UDP', 'L', 'B', 'struct x', 'get, set', 'set', 'set']]
assert mdoc([['UDP', 'L', 'B', 'int', 'get', '-', '-']] * 2, []) == [
    '.It Dv L Ta Ta Ta Ta Ta'] + [".It Dv B Ta Vt int Ta UDP Ta get Ta \\- Ta kernel's"] * 2

main()
