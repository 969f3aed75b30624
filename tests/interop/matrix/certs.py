"""Certificates of every kind of key, made for one run and valid from now."""
import os
import subprocess

DAYS = '3650'
KEYS = {
    'rsa': ('rsa:2048',),
    'p256': ('ec', '-pkeyopt', 'ec_paramgen_curve:P-256'),
    'p384': ('ec', '-pkeyopt', 'ec_paramgen_curve:P-384'),
    'ed25519': ('ed25519',),
}
ENDS = {
    'server': ('/CN=localhost', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
               'extendedKeyUsage=serverAuth'),
    'client': ('/CN=device', 'subjectAltName=DNS:device.test',
               'extendedKeyUsage=clientAuth'),
}


class Certs:
    """Those of each kind of key: an authority, a server's and a client's."""

    def __init__(self, folder, keys):
        self.folder = folder
        # Whom nobody trusts, though it has the name of the one that all do.
        self._make('p256', 'stranger', '/CN=Test CA')
        for key in keys:
            self._make(key, 'ca', '/CN=Test CA')
            for end, (subject, *extensions) in ENDS.items():
                self._make(key, end, subject, *extensions, issued=True)

    def cert(self, key, name):
        return os.path.join(self.folder, f'{key}-{name}.pem')

    def key(self, key, name):
        return os.path.join(self.folder, f'{key}-{name}.key')

    @property
    def stranger(self):
        return self.cert('p256', 'stranger')

    def _make(self, key, name, subject, *extensions, issued=False):
        argv = ['openssl', 'req', '-x509', '-nodes', '-days', DAYS,
                '-newkey', *KEYS[key], '-subj', subject,
                '-keyout', self.key(key, name), '-out', self.cert(key, name)]
        if issued:
            argv += ['-CA', self.cert(key, 'ca'), '-CAkey', self.key(key, 'ca'),
                     '-addext', 'basicConstraints=critical,CA:FALSE']
        for extension in extensions:
            argv += ['-addext', extension]
        subprocess.run(argv, check=True, capture_output=True)
