"""zsock(7) prints the rows of lib/base/quirks.def: all, in order, same words;
and the library asks for each row, but for those below.

Says what the page must have between its two markers if it has not; with the
argument --print, says it in any case.  Other arguments are ignored.
"""
import glob
import os
import re
import sys
import textwrap

ROOT = os.path.join(os.path.dirname(__file__), '..', '..')
ROWS = f'{ROOT}/lib/base/quirks.def'
PAGE = f'{ROOT}/docs/man/zsock.7'
BEGIN, END = '.\\" The rows of quirks.def:', '.\\" End of the rows.'
PROFILES = ['zephyr', 'zephyr-3.3', 'linux']

# Realised by a path or a table of its own, which asks for the profile or for
# another row: nothing looks these up.
BY_PATH = {
    'BUFFERS_AS_SET', 'FCNTL_OTHER', 'FCNTL_SETFL', 'GAI_FLAGS',
    'PAIR_ARGUMENTS', 'PAIR_CALLS', 'PAIR_FLAGS', 'PAIR_MESSAGE',
    'PAIR_POLL_CLOSED', 'POLL_FIN', 'RECV_NOTHING', 'RECV_TRUNC_STREAM',
    'RECV_WAITALL_TIMEOUT', 'SO_ERROR_STAYS', 'TLS_FEWER_OPTIONS'}

STRING = r'"(?:[^"\\]|\\.)*"'
STRINGS = rf'((?:{STRING}\s*)+)'
ROW = re.compile(r'QUIRK\((\w+),[^"]*,\s*' +
                 r',\s*'.join([STRINGS] * 4) + r'\)')


def text(strings):
    """What adjacent C strings say."""
    parts = re.findall(STRING, strings)
    return ''.join(re.sub(r'\\(.)', r'\1', part[1:-1]) for part in parts)


def rows(source):
    source = re.sub(r'/\*.*?\*/', '', source, flags=re.S)
    return [[text(s) for s in match.groups()[1:]]
            for match in ROW.finditer(source)]


def faults_of_use(names, code):
    """Rows that nothing asks for, and exceptions that are no rows."""
    used = set(re.findall(r'\bQUIRK_(\w+)', code))
    return sorted(set(names) - used - BY_PATH) + sorted(BY_PATH - set(names))


def library():
    text = ''
    for path in glob.glob(f'{ROOT}/lib/**/*.[ch]', recursive=True):
        with open(path, encoding='utf-8') as file:
            text += file.read()
    return text


def macro_argument(words):
    return '"' + words.replace('"', '\\(dq') + '"'


def mdoc(what, words):
    """One row; profiles with the same words share them."""
    lines = ['.It ' + macro_argument(what)]
    for i, said in enumerate(words):
        if said in words[:i]:
            continue
        who = [p for p, w in zip(PROFILES, words) if w == said]
        lines.append('.Cm ' + ' , '.join(who) + ' :')
        lines += textwrap.wrap(said + '.', 78, break_on_hyphens=False)
    assert not any(line.startswith(("'", '.')) for line in lines
                   if not line.startswith(('.It ', '.Cm '))), what
    return lines


def main():
    with open(ROWS, encoding='utf-8') as file:
        source = file.read()
    table = rows(source)
    want = [BEGIN, '.Bl -tag -width Ds']
    for what, *words in table:
        want += mdoc(what, words)
    want += ['.El', END]
    with open(PAGE, encoding='utf-8') as file:
        page = file.read()
    found = len(re.findall(r'^QUIRK\(', source, re.M))
    whole = len(table) == found and found > 50
    same = '\n'.join(want) + '\n' in page and page.count(BEGIN) == 1
    if '--print' in sys.argv or not same:
        print('\n'.join(want))
    if not same:
        print(f'{PAGE} has not the rows above; they belong there as they are, '
              'between its markers', file=sys.stderr)
    faults = faults_of_use(re.findall(r"^QUIRK\((\w+)", source, re.M),
                           library())
    for name in faults:
        print(f'{name}: nothing asks for it, or it is no row', file=sys.stderr)
    print(f'{len(table)} of {found} rows', file=sys.stderr)
    sys.exit(0 if same and whole and not faults else 1)


# A check that cannot fail checks nothing.
assert rows('QUIRK(A, 1, 0, EINVAL,\n "w: \\"x\\"", "a" "b",\n "c", "d")') == [
    ['w: "x"', 'ab', 'c', 'd']]
assert faults_of_use(['A', 'B', *BY_PATH], 'quirk(QUIRK_A)') == ['B']
assert faults_of_use(BY_PATH - {'POLL_FIN'}, '') == ['POLL_FIN']
assert mdoc('w "x"', ['a', 'b', 'a']) == [
    '.It "w \\(dqx\\(dq"', '.Cm zephyr , linux :', 'a.', '.Cm zephyr-3.3 :',
    'b.']

main()
