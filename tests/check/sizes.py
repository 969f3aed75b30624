"""Functions, files and internal headers stay small.

A function has at most 60 lines from its name to its last brace, five parameters
and three levels; a file 500 lines, one of tests 700, for it is read a test at a
time; an internal header 80 lines beside its comments, which are its contract.
What is larger for a reason is in EXCEPTIONS, with that reason, and has to leave
it when it is no longer so.  Arguments are ignored.
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(__file__), '..', '..')
TOPS = ['lib', 'shim', 'tools', 'tests', 'examples']
FUNCTION, PARAMETERS, LEVELS, FILE, TESTS, HEADER = 60, 5, 3, 500, 700, 80

# Why something may be larger.
OBJECT = 'one object, its operations, and what is asked of it at each call'
HOT = 'inlined on the way of each byte, or called for each socket of a poll'
MAKER = 'makes an object of all that it is made of, at one place'
CALLBACK = 'its parameters are those of OpenSSL or POSIX'
LINE = 'a callback for the lines of a file, and where each stands'
SEND = 'a public call, or one that mirrors it'
APPLY = 'what is asked for, and each answer that its two callers hand on'
ROW = 'a row of a table that is written as a call'
EXAMPLE = 'one call says all there is to it, to who reads it first'
WHOLE = 'one interface from end to end, in the order of its manual'

EXCEPTIONS = {
    'examples/coap.c: coap_begin': EXAMPLE,
    'examples/support.c: parse_command_line': EXAMPLE,
    'examples/support.c: set_option': EXAMPLE,
    'lib/api/send_all.c: send_all': SEND,
    'lib/api/send_all.c: zsock_send_all_ms': SEND,
    'lib/base/hosts.c: take_file_line': LINE,
    'lib/base/hosts.c: take_line': LINE,
    'lib/base/limits.c: take_line': LINE,
    'lib/base/lines.c: read_all': LINE,
    'lib/cred/store_apply.c: store_apply': APPLY,
    'lib/sock/call_io.h': HOT,
    'lib/sock/call_io.h: call_io_recv_one': HOT,
    'lib/sock/call_io.h: call_io_send_one': HOT,
    'lib/sock/dtls_path.h': HOT,
    'lib/sock/native.h': OBJECT,
    'lib/sock/poll.c: look': HOT,
    'lib/sock/sock.h': OBJECT,
    'lib/sock/tls_sock.c: tls_sock_new': MAKER,
    'lib/sock/tls_sock.h': OBJECT,
    'lib/tls/alpn.c: choose': CALLBACK,
    'lib/tls/engine_new.c: tls_engine_new': MAKER,
    'lib/tls/psk.c: offer': CALLBACK,
    'lib/tls/suites.c: judge_security': CALLBACK,
    'tests/api/test_bad_input_options.c: check': ROW,
    'tests/api/test_netdb.c: ask': SEND,
    'tests/api/test_posix.c': WHOLE,
    'tests/api/test_service.c': WHOLE,
    'tests/api/test_tls_features.c': WHOLE,
    'tests/bench/added.c: recv_nothing': CALLBACK,
    'tests/bench/added.c: send_nothing': CALLBACK,
    'tests/api/test_tls_features.c: choose_what_nobody_offered': CALLBACK,
    'tests/bench/dtls_openssl.c: client_psk': CALLBACK,
    'tests/bench/streams.c: count_call': CALLBACK,
    'tests/cred/test_bundle_dir.c': WHOLE,
    'tests/interop/ends.c: end_tell_open': ROW,
    'tests/interop/zsock_end.c: set': ROW,
    'tests/script/options.c: both_ways': ROW,
    'tests/sock/test_dtls_forged.c: note_and_send': CALLBACK,
    'tests/sock/test_tls_close.c: receive_and_close': CALLBACK,
    'tests/sock/test_tls_data.c: count_updates': CALLBACK,
    'tests/sock/test_tls_stream.c: receive_late': CALLBACK,
    'tests/sock/test_tls_threads.c: sleep_late': CALLBACK,
    'tests/support/dpeer.c: client_psk': CALLBACK,
    'tests/support/dpeer_seal.c: encrypt': ROW,
    'tests/support/lossy.c: send_changed': CALLBACK,
    'tests/support/lossy.c: send_somehow': CALLBACK,
    'tests/support/rival.c: choose': CALLBACK,
    'tests/support/rival.c: name_identity': CALLBACK,
}

# Names stand at column 0, and so does the brace that ends a function.
HEAD = re.compile(r'^(?:[A-Za-z_][\w *]*[ *])?(\w+) ?\(')
INNER = re.compile(r'\([^()]*\)')  # of a pointer to a function
LEVEL = re.compile(r'\t*(?:\} else )?(?:if|for|while|do|switch)\b')
COMMENT = re.compile(r'/\*.*?\*/', re.S)
# Calls of POSIX and of libc that have more parameters, under whatever prefix.
POSIX = re.compile(r'(^|_)(sendto|recvfrom(_chk)?|getnameinfo|pselect|splice|'
                   r'copy_file_range|posix_spawnp?|gethostbyname2?_r|recvmmsg|'
                   r'[gs]etsockopt|raw_call|raw_syscall|trap)$')


def functions(lines):
    """(name, first line from 1, lines, parameters, levels) of each."""
    i = 0
    while i < len(lines):
        head, first = HEAD.match(lines[i]), i
        i += 1
        if not head or lines[first].endswith(';'):
            continue
        while i < len(lines) and lines[i][:1] in ('\t', ' '):
            i += 1
        if i == len(lines) or lines[i] != '{':
            continue
        inner = ' '.join(lines[first:i]).split('(', 1)[1].rsplit(')', 1)[0]
        inner = INNER.sub('', INNER.sub('', inner))
        begin = i
        while lines[i] != '}':
            i += 1
        deep = [len(t) - len(t.lstrip('\t')) for t in lines[begin:i]
                if LEVEL.match(t)]
        yield (head[1], first + 1, i - first + 1,
               0 if inner in ('', 'void') else inner.count(',') + 1,
               max(deep, default=0))


def faults(path, text):
    """(key of EXCEPTIONS, place, how many of what, limit) of what is too large."""
    lines = text.splitlines()
    limit = TESTS if path.startswith('tests/') else FILE
    if path.endswith('.h'):
        bare = len([t for t in COMMENT.sub('', text).splitlines() if t.strip()])
        if bare > HEADER:
            yield path, path, f'{bare} lines beside comments', HEADER
    if len(lines) > limit:
        yield path, path, f'{len(lines)} lines', limit
    for name, line, length, parameters, levels in functions(lines):
        for what, n, most in (('lines', length, FUNCTION),
                              ('levels', levels, LEVELS),
                              ('parameters', parameters,
                               99 if POSIX.search(name) else PARAMETERS)):
            if n > most:
                yield (f'{path}: {name}', f'{path}:{line}: {name}',
                       f'{n} {what}', most)


def sources():
    for top in TOPS:
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith(('.c', '.h')):
                    path = os.path.join(folder, name)
                    with open(path, encoding='utf-8') as file:
                        yield os.path.relpath(path, ROOT), file.read()


def main():
    files, wrong, used = 0, 0, set()
    for path, text in sources():
        files += 1
        for key, place, what, most in faults(path, text):
            used.add(key)
            if key not in EXCEPTIONS:
                wrong += 1
                print(f'{place}: {what}, {most} are the most')
    for key in EXCEPTIONS.keys() - used:
        wrong += 1
        print(f'{key}: an exception that is none any more')
    print(f'{files} files, {len(used)} exceptions, {wrong} faults')
    return 1 if wrong or files < 40 else 0


# A check that cannot fail checks nothing.
LONG = 'int\nf(int a, int (*b)(int, int))\n{\n%s}\n'
assert [f[1:3] for f in functions((LONG % '\tx();\n').splitlines())] == [(2, 4)]
assert not list(faults('lib/x.c', LONG % ('\tx();\n' * 57)))
assert list(faults('lib/x.c', LONG % ('\tx();\n' * 58)))
assert list(faults('lib/x.c', LONG % '\t\t\t\tif (a)\n'))
assert list(faults('lib/x.c', (LONG % '').replace('int a', 'a, a, a, a, a')))
assert list(faults('lib/x.h', 'int x;\n' * 81))
assert not list(faults('lib/x.h', '/*\n *\n */\n' * 81))

sys.exit(main())
