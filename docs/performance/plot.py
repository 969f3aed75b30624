#!/usr/bin/env python3
"""Draws ratios.svg and scale.svg of bench.json and scale.json, and writes the
tables of ../performance.md and ../../README.md.  ./dev bench plot runs it."""
import json
import pathlib
import re

import matplotlib

matplotlib.use('svg')
matplotlib.rcParams.update({
    'svg.hashsalt': 'libzsock',  # the same picture from the same figures
    'svg.fonttype': 'none',  # text stays text
    'font.size': 9,
    'axes.spines.top': False,
    'axes.spines.right': False,
})
import matplotlib.pyplot as plt  # noqa: E402: the backend comes first

HERE = pathlib.Path(__file__).parent
PAGE = HERE.parent / 'performance.md'
README = HERE.parent.parent / 'README.md'
MET, MISSED, TARGET = '#2166ac', '#b2182b', '#777777'


def load(name):
    return json.loads((HERE / name).read_text(encoding='utf-8'))


def save(figure, name):
    figure.savefig(HERE / name, metadata={'Date': None, 'Creator': None},
                   bbox_inches='tight')
    plt.close(figure)


def is_absolute(row):
    return row['metric'].endswith(' (absolute)')


def of_target(row):
    """1.0 is the target itself."""
    value = row['ours'] if is_absolute(row) else row['ratio']
    return value / row['target']


def draw_ratios(rows):
    rows = [row for row in rows if row['target'] is not None]
    figure, axes = plt.subplots(figsize=(9, 0.19 * len(rows) + 0.8))
    axes.axvline(1, color=TARGET, linewidth=1)
    for y, row in enumerate(rows):
        colour = MET if row['met'] else MISSED
        axes.plot([1, of_target(row)], [y, y], color=colour, linewidth=1.2)
        axes.plot(of_target(row), y, 'o' if row['met'] else 'D',
                  color=colour, markersize=4.5)
    axes.set_yticks(range(len(rows)),
                    [row['metric'].replace(' (absolute)', '') for row in rows])
    axes.tick_params(axis='y', labelsize=7.5, length=0)
    axes.set_ylim(len(rows) - 0.3, -0.7)
    axes.set_xscale('log')
    ticks = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.2, 1.5]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.grid(axis='x', color='#dddddd', linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel('cost, as a part of what the target allows '
                    '(circle: met, diamond: not met)')
    save(figure, 'ratios.svg')


# Panels: a title, what its curves are called there, and the y axis.
PANELS = [
    ('Plain sockets: time', 'time, us', 'sockets open', {
        'poll of n plain sockets, timeout 0, kernel': 'poll, kernel alone',
        'poll of n plain sockets, timeout 0': 'zsock_poll of all',
        'poll of n plain sockets, library alone': 'zsock_poll, library alone',
        'open and close beside n plain sockets': 'open and close one',
        'open and close beside n plain sockets, library alone':
            'the same, library alone',
        'look-up of a number among n plain sockets': 'look a number up',
    }),
    ('Plain sockets: memory', 'resident, KiB', 'sockets open', {
        'memory of n plain sockets': 'all of them',
    }),
    ('TLS connections: time', 'time, us', 'connections open', {
        'TLS handshake beside n TLS connections': 'one handshake more',
        'poll of n TLS connections, timeout 0': 'zsock_poll of all',
    }),
    ('TLS connections: memory', 'resident, KiB', 'connections open', {
        'memory of n TLS connections, client': 'all, client',
        'memory of n TLS connections, server': 'all, server',
    }),
    ('Credentials: time', 'time, us', 'credentials stored', {
        'TLS handshake with one tag of n credentials': 'handshake, one tag',
        'tls_credential_add beside n credentials': 'add one more',
        'tls_credential_get of one of n credentials': 'get one',
    }),
    ('Credentials: memory', 'heap, KiB', 'credentials stored', {
        'memory of n credentials': 'all of them',
    }),
]
COLOURS = ['#888888', '#2166ac', '#92c5de', '#d6604d', '#f4a582', '#1b7837']


def draw_panel(axes, panel, curves):
    title, y_label, x_label, names = panel
    colours = COLOURS if len(names) > 3 else COLOURS[1::2]
    for colour, (name, label) in zip(colours, names.items()):
        curve = curves[name]
        part = 1000 if curve['unit'] == 'ns' else 1
        axes.plot([n for n, _ in curve['points']],
                  [cost / part for _, cost in curve['points']],
                  marker='o', markersize=3.5, color=colour,
                  label=f'{label}: n^{curve["exponent"]:.2f}')
    axes.set(xscale='log', yscale='log', title=title, ylabel=y_label,
             xlabel=x_label)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * (high / low) ** 0.35)  # room for the legend
    axes.minorticks_off()
    axes.grid(color='#e5e5e5', linewidth=0.6)
    axes.legend(loc='upper left', fontsize=7.5, frameon=False)


def draw_scale(curves):
    figure, grid = plt.subplots(3, 2, figsize=(9.5, 11))
    for axes, panel in zip(grid.flat, PANELS):
        draw_panel(axes, panel, curves)
    figure.tight_layout(h_pad=2)
    save(figure, 'scale.svg')


def number(value):
    return f'{value:.3g}' if abs(value) < 999.5 else f'{value:,.0f}'


def target_text(row):
    if row['target'] is None:
        return '-'
    unit = ' ' + row['unit'] if is_absolute(row) else ' x'
    return f'<= {row["target"]:g}{unit}'


def table_of_rows(rows):
    words = {True: 'met', False: '**not met**', None: '-'}
    lines = ['| metric | unit | ours | baseline | ratio | target | met |',
             '|---|---|---:|---:|---:|---|---|']
    for row in rows:
        name = row['metric'].replace(' (absolute)', '')
        lines.append(f'| {name} | {row["unit"]} | {number(row["ours"])} '
                     f'| {number(row["baseline"])} | {row["ratio"]:.3f} '
                     f'| {target_text(row)} | {words[row["met"]]} |')
    return lines


def table_of_curves(curves):
    lines = ['| curve | unit | least n | most n | growth |',
             '|---|---|---:|---:|---:|']
    for name, curve in curves.items():
        least, most = curve['points'][0], curve['points'][-1]
        lines.append(f'| {name} | {curve["unit"]} '
                     f'| {number(least[1])} at {least[0]:,} '
                     f'| {number(most[1])} at {most[0]:,} '
                     f'| n^{curve["exponent"]:.2f} |')
    return lines


# What of it is in the README.
SHORT = [
    ('kernel', '''
plain send, added by the library, 1 thread (absolute)
plain send + recv, 64 B, 1 thread
plain send + recv, 16 KiB, 1 thread
poll of 100, none ready, timeout 0
poll of 100, the last one ready, timeout > 0
'''), ('OpenSSL on the socket', '''
TLS throughput, writes of 1 KiB, 1 thread, queued
TLS throughput, writes of 16 KiB, 1 thread, queued
TLS throughput, writes of 64 KiB, 1 thread, queued
TLS ping-pong, 1 B, 1 thread
TLS 1.3 full handshake
TLS 1.3 resumed handshake
TLS 1.3 connect and first echo, Nagle on (absolute)
idle TLS 1.3 server connection, RSS (absolute)
idle TLS 1.3 client connection, RSS (absolute)
'''), ('s_time and s_server', '''
TLS 1.3 new handshake, EC, against s_time and s_server
'''), ('OpenSSL\'s BIO_dgram', '''
DTLS CCM_8, 64 B to a server of 1
DTLS CCM_8, 1,200 B to a server of 1
idle DTLS PSK server session, RSS
'''), ('without it', '''
foreign send, no kernel, added (absolute)
exec of true, added by the preload library (absolute)
nginx, kept connections, CPU
'''), ('linked', '''
TLS recv of 16 KiB under the preload library
'''),
]


def short_table(rows):
    by_name = {row['metric']: row for row in rows}
    lines = ['| cost | libzsock | compared with | ratio |', '|---|---|---|---|']
    for base, names in SHORT:
        for name in names.strip().splitlines():
            row = by_name[name]
            ratio = '' if ', added' in name else f'{row["ratio"]:.2f}'
            lines.append(f'| {name.replace(" (absolute)", "")} '
                         f'| {number(row["ours"])} {row["unit"]} '
                         f'| {number(row["baseline"])}, {base} | {ratio} |')
    return lines


def write_tables(path, tables):
    page = path.read_text(encoding='utf-8')
    for name, lines in tables.items():
        begin, end = f'<!-- {name} -->', f'<!-- end of {name} -->'
        if page.count(begin) != 1 or page.count(end) != 1:
            raise SystemExit(f'{path.name} has no place for "{name}"')
        text = '\n'.join([begin, '', *lines, '', end])
        page = re.sub(re.escape(begin) + '.*' + re.escape(end),
                      lambda _: text, page, flags=re.S)
    path.write_text(page, encoding='utf-8')


def main():
    rows = load('bench.json')
    curves = {curve['curve']: curve for curve in load('scale.json')}
    draw_ratios(rows)
    draw_scale(curves)
    with_target = [row for row in rows if row['target'] is not None]
    met = sum(row['met'] for row in with_target)
    write_tables(README, {'measured': short_table(rows)})
    write_tables(PAGE, {
        'rows with a target': [
            f'{met} of {len(with_target)} targets are met.', '',
            *table_of_rows(with_target)],
        'rows that inform': table_of_rows(
            [row for row in rows if row['target'] is None]),
        'curves': table_of_curves(curves),
    })


main()
