"""Certificates of every kind of key, made for one run and valid from now."""
import concurrent.futures
import os
import subprocess

DAYS = '3650'
KEYS = {
    'rsa': ('rsa', '-pkeyopt', 'rsa_keygen_bits:2048'),
    'p256': ('ec', '-pkeyopt', 'ec_paramgen_curve:P-256'),
    'p384': ('ec', '-pkeyopt', 'ec_paramgen_curve:P-384'),
    'ed25519': ('ed25519',),
}
ROOT = '/CN=Test CA'
ENDS = {
    'server': ('/CN=localhost', 'basicConstraints=critical,CA:FALSE',
               'subjectAltName=DNS:localhost,IP:127.0.0.1',
               'extendedKeyUsage=serverAuth'),
    'client': ('/CN=device', 'basicConstraints=critical,CA:FALSE',
               'subjectAltName=DNS:device.test', 'extendedKeyUsage=clientAuth'),
}
SUB = ('/CN=Test Sub CA', 'basicConstraints=critical,CA:TRUE,pathlen:0')


def openssl(*argv):
    subprocess.run(['openssl', *argv], check=True, capture_output=True)


class Certs:
    """Of each kind of key: an authority 'ca' and, issued by it, what a 'server'
    and a 'client' have; and the same in a chain, issued by the authority 'sub'.
    """

    def __init__(self, folder, keys):
        self.folder = folder
        # Whom nobody trusts, though it has the name of the one that all do.
        self._new_key('p256', 'stranger')
        self._issue('p256', 'stranger', 'stranger', (ROOT,))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(self._make_kind, keys))

    def cert(self, key, name, form='pem'):
        """form is pem, der or chain."""
        return os.path.join(self.folder, f'{key}-{name}-cert.{form}')

    def key(self, key, name, form='pem'):
        return os.path.join(self.folder, f'{key}-{name}-key.{form}')

    @property
    def stranger(self):
        return self.cert('p256', 'stranger')

    def _make_kind(self, key):
        self._new_key(key, 'ca')
        self._issue(key, 'ca', 'ca', (ROOT,))
        self._new_key(key, 'sub')
        self._issue(key, 'sub', 'ca', SUB)
        for end, wording in ENDS.items():
            self._new_key(key, end)
            self._issue(key, end, 'ca', wording)
            openssl('pkey', '-in', self.key(key, end), '-outform', 'DER',
                    '-out', self.key(key, end, 'der'))
            chain = self.cert(key, end, 'chain')
            self._issue(key, end, 'sub', wording, chain)
            with open(chain, 'a', encoding='ascii') as to, \
                    open(self.cert(key, 'sub'), encoding='ascii') as sub:
                to.write(sub.read())
        for name in ('ca', *ENDS):
            openssl('x509', '-in', self.cert(key, name), '-outform', 'DER',
                    '-out', self.cert(key, name, 'der'))

    def _new_key(self, key, name):
        openssl('genpkey', '-algorithm', *KEYS[key], '-out',
                self.key(key, name))

    def _issue(self, key, name, by, wording, to=None):
        subject, *extensions = wording
        argv = ['req', '-x509', '-new', '-days', DAYS, '-subj', subject,
                '-key', self.key(key, name), '-out', to or self.cert(key, name)]
        if by != name:
            argv += ['-CA', self.cert(key, by), '-CAkey', self.key(key, by)]
        for extension in extensions:
            argv += ['-addext', extension]
        openssl(*argv)
