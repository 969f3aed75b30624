"""The rows of the matrix: which handshakes are made with a peer."""
import collections
import dataclasses
import itertools
import operator

from suites import CERTS, DTLS12, SUITES, V12, V13, Suite

AXES = ('role', 'key', 'suite', 'chosen_by', 'verify', 'mutual', 'resume',
        'alpn', 'form')
# What has to occur together: every pair of axes, but for what a suite has
# nothing to do with, and more where one side's code is another.
TOGETHER = [pair for pair in itertools.combinations(AXES, 2)
            if not ('suite' in pair
                    and {'verify', 'mutual', 'alpn', 'form'} & set(pair))]
TOGETHER += [('role', 'version', 'verify', 'mutual'),
             ('role', 'version', 'resume', 'mutual'),
             ('role', 'version', 'alpn'), ('role', 'version', 'key'),
             ('role', 'version', 'form', 'by_psk'),
             ('suite', 'by_psk', 'role'), ('suite', 'by_psk', 'chosen_by')]


PROFILES = ('zephyr', 'linux', 'zephyr', 'zephyr-3.3')
FORMS = {
    'pem': 'text',
    'der': 'no text',
    'chain': "certificates of an authority's authority, on both sides",
    'both': 'a certificate and a pre-shared key',
    'several': 'several pre-shared keys, with identities of their own',
}


@dataclasses.dataclass(frozen=True)
class Row:
    role: str  # ours
    key: str  # of both sides; 'psk' is none
    suite: Suite
    chosen_by: str  # who allows this suite alone: 'us' or the 'peer'
    verify: str  # TLS_PEER_VERIFY on our side
    mutual: bool  # the client has a certificate, and is asked for it
    resume: str  # 'no', or how the second connection comes back to the first
    alpn: bool  # one is agreed on
    form: str  # of credentials on our side, see FORMS
    profile: str = 'zephyr'  # ZSOCK_PROFILE on our side

    @property
    def version(self):
        return self.suite.version

    @property
    def dtls(self):
        return self.version == DTLS12

    @property
    def by_psk(self):
        return self.key == 'psk'

    @property
    def rounds(self):
        return 1 if self.resume == 'no' else 2

    def __str__(self):
        words = [f'our {self.role}', self.version, self.key, self.suite.name,
                 f'chosen by {self.chosen_by}', f'verify {self.verify}']
        words += ['mutual'] * self.mutual + ['alpn'] * self.alpn
        words += [self.form] * (self.form != 'pem')
        words += [f'resumed by {self.resume}'] * (self.resume != 'no')
        words += [f'profile {self.profile}'] * (self.profile != 'zephyr')
        return ', '.join(words)


def possible(row):
    """Is there such a handshake at all?"""
    if row.key not in row.suite.keys:
        return False
    if row.resume == 'id' and row.version == V13:
        return False
    if row.form in ('der', 'chain') and row.by_psk:
        return False
    if row.form == 'several' and not (row.by_psk and row.role == 'server'):
        return False
    if row.by_psk:
        return row.verify == 'required' and not row.mutual
    if row.role == 'server' and row.verify != 'optional':
        return row.mutual == (row.verify == 'required')
    return True


def all_rows(values):
    for combination in itertools.product(*(values[a] for a in AXES)):
        row = Row(*combination)
        if possible(row):
            yield row


def in_profiles(rows):
    """The rows with one profile after another."""
    return [dataclasses.replace(row, profile=profile)
            for row, profile in zip(rows, itertools.cycle(PROFILES))]


def values_of(row):
    return [(axis, getattr(row, axis)) for axis in AXES]


def covering(candidates):
    """Few rows that have all that can occur together, and all values often."""
    getters = [operator.attrgetter(*axes) for axes in TOGETHER]
    bits = {}
    left = []
    for row in candidates:
        mask = 0
        for combination in enumerate(get(row) for get in getters):
            mask |= 1 << bits.setdefault(combination, len(bits))
        left.append((mask, row))
    used = collections.Counter()
    rows = []
    while left:
        most = max(mask.bit_count() for mask, _ in left)
        taken, row = min((item for item in left if item[0].bit_count() == most),
                         key=lambda item: sum(used[value] for value
                                              in values_of(item[1])))
        used.update(values_of(row))
        rows.append(row)
        left = [(mask & ~taken, row) for mask, row in left if mask & ~taken]
    return rows


def values(**narrower):
    """Every value of every axis, or fewer."""
    every = {
        'role': ('client', 'server'),
        'key': (*CERTS, 'psk'),
        'suite': SUITES,
        'chosen_by': ('us', 'peer'),
        'verify': ('required', 'optional', 'none'),
        'mutual': (False, True),
        'resume': ('no', 'ticket', 'id'),
        'alpn': (False, True),
        'form': tuple(FORMS),
    }
    return {axis: [v for v in every[axis] if v in narrower.get(axis, [v])]
            for axis in AXES}


def suites_of(version):
    return tuple(s for s in SUITES if s.version == version)


TLS12 = suites_of(V12)
