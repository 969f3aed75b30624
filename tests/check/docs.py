"""What the documents name is there, and what must be named is.

Every relative link of the *.md files leads to a file, and to a heading of it;
every file of the tree that they and the manual pages name exists; so does every
verb of ./dev, every manual page of this library, and every variable ZSOCK_*; and
every variable that the code reads is in a manual page; and libzsock(3) has every
call of the headers, and no other.  Arguments are ignored.
"""
import glob
import os
import re
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
# Said by zsock-run to the library, and by nobody else.
INTERNAL = {'ZSOCK_PRELOAD_FIRST'}
# Called by macros of the headers alone.
BY_MACROS = {'zsock_service_add', 'zsock_service_remove'}
# What is named by way of an example.
EXAMPLES = {'lib/X/Y.c', 'lib/sock/NAME.c', 'tests/X/test_Y.c',
            'tools/cred/verb_NAME.c'}
FOLDERS = ('lib', 'shim', 'tools', 'tests', 'include', 'examples', 'docs')
# Layers and folders that lib/README.md names files by.
BASES = ['', 'lib/', 'shim/', 'tools/cred/', 'tools/run/', 'lib/sock/',
         'lib/tls/', 'lib/cred/', 'tests/support/', 'tests/check/']
FILE = re.compile(r'`([\w./*-]+\.(?:c|h|def|map|py|sh|md|build))`')
FOREIGN = re.compile(r'(zephyr|net|http|sys|conn_mgr|fake|src)[/_]|(slist|byteorder|'
                     r'kernel|autoconf|coap|main|console|uplink|beacon|net_mgmt|'
                     r'fetch)\.[ch]$')


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as file:
        return file.read()


def tree(*patterns):
    found = [os.path.relpath(p, ROOT) for pattern in patterns
             for p in glob.glob(os.path.join(ROOT, pattern), recursive=True)]
    return sorted(p for p in found if not p.startswith('build'))


def anchor(heading):
    """What a heading is linked by, as the usual viewers make it."""
    return re.sub(r'[^\w\- ]', '', heading.strip().lower()).replace(' ', '-')


def without_code(text):
    return re.sub(r'^```.*?^```$|^    .*?$', '', text, flags=re.S | re.M)


def faults_of_links(path, text):
    for target in re.findall(r'\]\(([^)\s]+)\)', without_code(text)):
        if re.match(r'[a-z]+:', target):
            continue
        name, _, part = target.partition('#')
        goal = os.path.normpath(os.path.join(os.path.dirname(path), name)) \
            if name else path
        if not os.path.exists(os.path.join(ROOT, goal)):
            yield f'a link to {target}, which is not there'
        elif part and part not in [anchor(h) for h in re.findall(
                r'^#+ (.*)$', read(goal), re.M)]:
            yield f'a link to {target}: no such heading'


def exists(name, path):
    if '*' in name:
        return any(glob.glob(os.path.join(ROOT, b + name)) for b in BASES)
    near = os.path.join(os.path.dirname(path), name)
    return any(os.path.exists(os.path.join(ROOT, b + name)) for b in BASES) or \
        os.path.exists(os.path.join(ROOT, near))


def faults_of_files(path, text):
    names = set(FILE.findall(text))
    names |= set(re.findall(rf'(?<![\w/.-])((?:{"|".join(FOLDERS)})/[\w./-]+'
                            r'\.(?:c|h|def|map|py|sh|md))\b', text))
    known = {n for _, _, files in os.walk(ROOT) for n in files}
    for name in sorted(names - EXAMPLES):
        if FOREIGN.match(name) or exists(name, path):
            continue
        # A name that begins with _ ends that of the file before it.
        if name.startswith('_') and any(n.endswith(name) for n in known):
            continue
        if '/' not in name and name in known and path == 'lib/README.md':
            continue
        yield f'the file {name}, which is not there'


def faults_of_verbs(text, verbs):
    for verb in re.findall(r'\./dev +([a-z][\w-]*)', text):
        if verb not in verbs:
            yield f'./dev {verb}, which is no verb'


def faults_of_pages(text, pages):
    named = re.findall(r'\b((?:lib)?zsock[\w-]*)\((\d)\)', text)
    named += re.findall(r'^\.Xr ((?:lib)?zsock[\w-]*) (\d)', text, re.M)
    for name, section in named:
        if section in '1357' and f'{name}.{section}' not in pages:
            yield f'{name}({section}), which is no page'


def variables_read():
    """Those that lib, shim and tools look for, and ./dev."""
    found = set()
    for path in tree('lib/**/*.[ch]', 'shim/**/*.[ch]', 'tools/**/*.[ch]'):
        found |= set(re.findall(r'"((?:ZSOCK_[A-Z_]*[A-Z]|SSLKEYLOGFILE))=?"',
                                read(path)))
    return found | set(re.findall(r'\$\{(ZSOCK_\w+)', read('dev')))


def names_of_headers():
    found = set()
    for path in tree('include/**/*.h'):
        found |= set(re.findall(r'\bZSOCK_\w+', read(path)))
    return found


def text_of_headers():
    """Without comments."""
    return ''.join(re.sub(r'/\*.*?\*/', '', read(p), flags=re.S)
                   for p in tree('include/**/*.h'))


def calls_of_headers():
    text = re.sub(r'^#[^\n]*', '', text_of_headers(), flags=re.M)
    return set(re.findall(r'\bZSOCK_API\b[^;(]*?(\w+)\s*\(', text))


def main():
    verbs = {v for case in re.findall(r'^([a-z][a-z |-]*)\)$', read('dev'), re.M)
             for v in case.split(' | ')}
    pages = {os.path.basename(p) for p in tree('docs/man/*.[1-8]')}
    documents = tree('*.md', 'lib/*.md', 'docs/**/*.md', 'examples/**/*.md')
    manual = tree('docs/man/*.[1-8]')
    variables, headers = variables_read(), names_of_headers()
    faults = []
    for path in documents + manual:
        text = read(path)
        found = [*faults_of_files(path, text), *faults_of_verbs(text, verbs),
                 *faults_of_pages(text, pages)]
        if path.endswith('.md'):
            found += faults_of_links(path, text)
        for name in sorted(set(re.findall(r'\b(?<!@)ZSOCK_[A-Z_]*[A-Z]\b',
                                          text)) - variables - headers):
            found.append(f'{name}, which nothing reads')
        faults += [f'{path}: {f}' for f in found]
    in_manual = ''.join(read(p) for p in manual)
    for name in sorted(variables - INTERNAL - {'ZSOCK_BUILD'}):
        if not re.search(rf'\b{name}\b', in_manual):
            faults.append(f'{name} is read, and in no manual page')
    overview = set(re.findall(r'\bFn (\w+)', read('docs/man/libzsock.3')))
    for name in sorted(calls_of_headers() - BY_MACROS - overview -
                       {'__attribute__'}):
        faults.append(f'{name}() is not in libzsock(3)')
    declared = set(re.findall(r'\b\w+(?=\()', text_of_headers()))
    for name in sorted(overview - declared - {'socket', 'close'}):
        faults.append(f'libzsock(3) has {name}(), which no header has')
    for page in pages:
        if not any(page in read(p) for p in tree('meson.build',
                                                 '*/meson.build')):
            faults.append(f'docs/man/{page} is not installed')
    print(*faults, sep='\n', end='\n' if faults else '')
    print(f'{len(documents)} documents, {len(manual)} manual pages, '
          f'{len(variables)} variables')
    whole = len(verbs) > 8 and len(variables) > 10 and len(overview) > 50
    sys.exit(0 if whole and not faults else 1)


# A check that cannot fail checks nothing.
assert list(faults_of_links('README.md', '[a](no.md) [b](https://x.test)'))
assert list(faults_of_links('README.md', '[a](README.md#no-such-heading)'))
assert not list(faults_of_links('README.md', '    [a](no.md)\n'))
assert list(faults_of_files('README.md', '`sock/no.c` `sock/poll.c`')) == [
    'the file sock/no.c, which is not there']
assert list(faults_of_verbs('./dev demo\n./dev no', {'demo'}))
assert list(faults_of_pages('zsock(7) zsock(3)', {'zsock.7'})) == [
    'zsock(3), which is no page']
assert anchor('Life of a socket, `at` last') == 'life-of-a-socket-at-last'

main()
