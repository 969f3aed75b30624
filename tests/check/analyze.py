"""analyze.py BUILD_DIR: gcc's analyzer over all that is installed.

What tests/check/suppressed.txt names, by file, warning and function, is not
told.  A line of it that has no meaning is, and is no failure: another gcc
finds other things.
"""
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys

build = sys.argv[1]
root = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))
FOLDERS = ('lib/', 'shim/', 'tools/', 'examples/')


def sources():
    """The first command of each file, as (file, folder, words)."""
    seen = set()
    with open(os.path.join(build, 'compile_commands.json'),
              encoding='utf-8') as database:
        commands = json.load(database)
    for entry in commands:
        path = os.path.realpath(os.path.join(entry['directory'], entry['file']))
        file = os.path.relpath(path, root)
        if file.startswith(FOLDERS) and file not in seen:
            seen.add(file)
            yield file, entry['directory'], shlex.split(entry['command'])


def words_of(command):
    """Another compiler's words without what the output is called."""
    words = iter(w for w in command[1:] if not os.path.basename(w) in
                 ('gcc', 'clang', 'cc'))
    kept = ['gcc', '-fanalyzer', '-fdiagnostics-format=json', '-Wno-error']
    for word in words:
        if word in ('-o', '-MF', '-MQ', '-MT'):
            next(words)
        elif word not in ('-MD', '-MMD', '-Werror'):
            kept.append(word)
    return kept + ['-o', os.devnull]


def analyze(source):
    """What there is to tell of one file, each as (key, text)."""
    file, folder, command = source
    run = subprocess.run(words_of(command), cwd=folder, text=True, check=False,
                         capture_output=True)
    told = []
    lines = [line for line in run.stderr.splitlines() if line.startswith('[')]
    if not lines:
        return [((file, 'failed', ''), run.stderr)]
    for found in json.loads(lines[-1]):
        if not found.get('option', '').startswith('-Wanalyzer'):
            continue
        path = found.get('path', [])
        function = path[-1].get('function', '') if path else ''
        place = found['locations'][0]['caret']
        text = [f"{file}:{place['line']}: {function}: {found['message']} "
                f"[{found['option']}]"]
        text += [f"    {os.path.basename(p['location']['file'])}:"
                 f"{p['location']['line']}: {p['description']}" for p in path
                 if 'file' in p.get('location', {})]
        told.append(((file, found['option'], function), '\n'.join(text)))
    return told


def suppressed():
    with open(os.path.join(root, 'tests', 'check', 'suppressed.txt'),
              encoding='utf-8') as file:
        return {tuple(words[1:]) for words in
                (re.sub('#.*', '', line).split() for line in file)
                if words and words[0] == 'analyzer'}


def main():
    allowed = suppressed()
    used, failed, all_sources = set(), 0, list(sources())
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for told in pool.map(analyze, all_sources):
            for key, text in told:
                if key in allowed:
                    used.add(key)
                else:
                    print(text)
                    failed += 1
    for key in sorted(allowed - used):
        print('suppressed.txt: nothing is found of', *key)
    print(f'{len(all_sources)} files, {failed} findings, {len(used)} argued')
    sys.exit(failed > 0)


main()
