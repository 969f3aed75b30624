"""The ciphersuites of the matrix, under every name that a peer has for them."""
import dataclasses


@dataclasses.dataclass(frozen=True, eq=False)
class Suite:
    number: int
    name: str  # IANA's
    openssl: str
    gnutls: tuple  # key exchange, cipher, MAC
    version: str
    keys: tuple  # that it goes with

    def __str__(self):
        return self.name


ECDSA = ('p256', 'p384', 'ed25519')
V12, V13, DTLS12 = 'TLSv1.2', 'TLSv1.3', 'DTLSv1.2'


def _tls12(number, name, openssl, kx, cipher, mac, keys):
    return Suite(number, name, openssl, (kx, cipher, mac), V12, keys)


def _ecdhe(number, name, openssl, cipher, mac, auth):
    keys = ECDSA if auth == 'ECDSA' else ('rsa',)
    return _tls12(number, f'TLS_ECDHE_{auth}_WITH_{name}',
                  f'ECDHE-{auth}-{openssl}', f'ECDHE-{auth}', cipher, mac, keys)


def _psk(number, kx, name, openssl, cipher, mac):
    return _tls12(number, f'TLS_{kx.replace("-", "_")}_WITH_{name}',
                  f'{kx}-{openssl}', kx, cipher, mac, ('psk',))


def _tls13(number, name, cipher, keys):
    return Suite(number, name, name, ('', cipher, 'AEAD'), V13, keys)


CERTS = ('rsa', *ECDSA)
SUITES = (
    _ecdhe(0xc02b, 'AES_128_GCM_SHA256', 'AES128-GCM-SHA256',
           'AES-128-GCM', 'AEAD', 'ECDSA'),
    _ecdhe(0xc02c, 'AES_256_GCM_SHA384', 'AES256-GCM-SHA384',
           'AES-256-GCM', 'AEAD', 'ECDSA'),
    _ecdhe(0xcca9, 'CHACHA20_POLY1305_SHA256', 'CHACHA20-POLY1305',
           'CHACHA20-POLY1305', 'AEAD', 'ECDSA'),
    _ecdhe(0xc023, 'AES_128_CBC_SHA256', 'AES128-SHA256',
           'AES-128-CBC', 'SHA256', 'ECDSA'),
    _ecdhe(0xc024, 'AES_256_CBC_SHA384', 'AES256-SHA384',
           'AES-256-CBC', 'SHA384', 'ECDSA'),
    _ecdhe(0xc00a, 'AES_256_CBC_SHA', 'AES256-SHA',
           'AES-256-CBC', 'SHA1', 'ECDSA'),
    _ecdhe(0xc0ac, 'AES_128_CCM', 'AES128-CCM',
           'AES-128-CCM', 'AEAD', 'ECDSA'),
    _ecdhe(0xc0ad, 'AES_256_CCM', 'AES256-CCM',
           'AES-256-CCM', 'AEAD', 'ECDSA'),
    _ecdhe(0xc0ae, 'AES_128_CCM_8', 'AES128-CCM8',
           'AES-128-CCM-8', 'AEAD', 'ECDSA'),
    _ecdhe(0xc02f, 'AES_128_GCM_SHA256', 'AES128-GCM-SHA256',
           'AES-128-GCM', 'AEAD', 'RSA'),
    _ecdhe(0xc030, 'AES_256_GCM_SHA384', 'AES256-GCM-SHA384',
           'AES-256-GCM', 'AEAD', 'RSA'),
    _ecdhe(0xcca8, 'CHACHA20_POLY1305_SHA256', 'CHACHA20-POLY1305',
           'CHACHA20-POLY1305', 'AEAD', 'RSA'),
    _ecdhe(0xc027, 'AES_128_CBC_SHA256', 'AES128-SHA256',
           'AES-128-CBC', 'SHA256', 'RSA'),
    _ecdhe(0xc013, 'AES_128_CBC_SHA', 'AES128-SHA',
           'AES-128-CBC', 'SHA1', 'RSA'),
    _tls12(0x009c, 'TLS_RSA_WITH_AES_128_GCM_SHA256', 'AES128-GCM-SHA256',
           'RSA', 'AES-128-GCM', 'AEAD', ('rsa',)),
    _tls12(0xc09c, 'TLS_RSA_WITH_AES_128_CCM', 'AES128-CCM',
           'RSA', 'AES-128-CCM', 'AEAD', ('rsa',)),
    _psk(0x00a8, 'PSK', 'AES_128_GCM_SHA256', 'AES128-GCM-SHA256',
         'AES-128-GCM', 'AEAD'),
    _psk(0x00a9, 'PSK', 'AES_256_GCM_SHA384', 'AES256-GCM-SHA384',
         'AES-256-GCM', 'AEAD'),
    _psk(0xccab, 'PSK', 'CHACHA20_POLY1305_SHA256', 'CHACHA20-POLY1305',
         'CHACHA20-POLY1305', 'AEAD'),
    _psk(0x00ae, 'PSK', 'AES_128_CBC_SHA256', 'AES128-CBC-SHA256',
         'AES-128-CBC', 'SHA256'),
    _psk(0xc0a4, 'PSK', 'AES_128_CCM', 'AES128-CCM', 'AES-128-CCM', 'AEAD'),
    _psk(0xc0a8, 'PSK', 'AES_128_CCM_8', 'AES128-CCM8',
         'AES-128-CCM-8', 'AEAD'),
    _psk(0xc037, 'ECDHE-PSK', 'AES_128_CBC_SHA256', 'AES128-CBC-SHA256',
         'AES-128-CBC', 'SHA256'),
    _psk(0xccac, 'ECDHE-PSK', 'CHACHA20_POLY1305_SHA256', 'CHACHA20-POLY1305',
         'CHACHA20-POLY1305', 'AEAD'),
    # A key that is shared beforehand goes with SHA-256 (RFC 8446, 4.2.11).
    _tls13(0x1301, 'TLS_AES_128_GCM_SHA256', 'AES-128-GCM', (*CERTS, 'psk')),
    _tls13(0x1302, 'TLS_AES_256_GCM_SHA384', 'AES-256-GCM', CERTS),
    _tls13(0x1303, 'TLS_CHACHA20_POLY1305_SHA256', 'CHACHA20-POLY1305',
           (*CERTS, 'psk')),
    _tls13(0x1304, 'TLS_AES_128_CCM_SHA256', 'AES-128-CCM', (*CERTS, 'psk')),
    _tls13(0x1305, 'TLS_AES_128_CCM_8_SHA256', 'AES-128-CCM-8', CERTS),
)

# What devices have, and one of each kind of what others have.
DTLS_SUITES = tuple(
    dataclasses.replace(s, version=DTLS12) for s in SUITES if s.number in (
        0xc02b, 0xc023, 0xc0ac, 0xc0ae, 0xcca9, 0xc02f, 0xc027,
        0x00a8, 0x00ae, 0xc0a4, 0xc0a8, 0xc037))

OPENSSL_NUMBERS = {s.openssl: s.number for s in SUITES}
TLS13_OPENSSL = ':'.join(s.openssl for s in SUITES if s.version == V13)
