"""nginx, whose module sends back what it is sent."""
import os
import re

from peer import Peer, expect_payload, read_got, their_certificate
from procs import Failure
from rows import CERTS
from suites import OPENSSL_NUMBERS, TLS13_OPENSSL, V13

ECHO = '/usr/lib/nginx/modules/ngx_http_echo_module.so'
CONFIG = f'''
load_module {ECHO};
daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 16; }}
http {{
	log_format tls '$ssl_protocol $ssl_cipher $ssl_session_reused '
		'$ssl_client_verify "$ssl_alpn_protocol"';
	access_log /dev/stdout tls;
	client_body_buffer_size 64k;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	server {{
		listen 127.0.0.1:PORT ssl;
		location / {{
			echo_read_request_body;
			echo_request_body;
		}}
		TLS
	}}
}}
'''
VARIABLES = r'^(TLS\S+) (\S+) ([r.]) (\S+) "(\S+)"$'


class Nginx(Peer):
    name = 'nginx'
    commands = {'nginx': 'nginx-light'}
    values = {'role': ('client',), 'key': CERTS}
    alpn = 'http/1.1'

    def missing(self, shared):
        if reason := super().missing(shared):
            return reason
        if not os.path.exists(ECHO):
            return f'there is no {ECHO} (package libnginx-mod-http-echo)'
        return None

    def settings(self, row, bench):
        c = bench.shared.certs
        alone = row.suite.openssl if row.chosen_by == 'peer' else None
        cert, key = their_certificate(row, c, 'server')
        lines = [f'ssl_certificate {cert}', f'ssl_certificate_key {key}',
                 f'ssl_protocols {row.version}',
                 'ssl_session_cache builtin:100',
                 'ssl_session_tickets '
                 + ('off' if row.resume == 'id' else 'on')]
        if row.version == V13:
            lines += ['ssl_conf_command Ciphersuites '
                      + (alone or TLS13_OPENSSL)]
        else:
            lines += [f'ssl_ciphers {alone or "ALL"}:@SECLEVEL=0']
        if row.mutual:
            lines += ['ssl_verify_client on', 'ssl_verify_depth 2',
                      f'ssl_client_certificate {c.cert(row.key, "ca")}']
        return ''.join(f'{line};\n' for line in lines)

    async def serve(self, row, bench):
        payload = bench.shared.payload
        tls = self.settings(row, bench)

        def argv(port):
            config = CONFIG.replace('PORT', str(port)).replace('TLS', tls)
            return ['nginx', '-p', bench.folder, '-e', 'stderr',
                    '-c', bench.file('nginx.conf', config)]

        server, port = await bench.start_on_port(argv)
        request = bench.file('request', 'POST / HTTP/1.0\r\nHost: localhost\r\n'
                             f'Content-Length: {len(payload)}\r\n\r\n'
                             + payload.decode())
        end = await self.start_our_client(
            row, bench, port, f'send={request}', 'until-end')
        await end.ends()
        head, _, body = read_got(bench).partition(b'\r\n\r\n')
        if b' 200 ' not in head:
            raise Failure(f'nginx answers {head.decode()}')
        expect_payload(bench, body, 'our client')
        await server.says(VARIABLES, row.rounds)
        return self.told(server.output())

    @staticmethod
    def told(text):
        rounds = []
        for version, suite, reused, client, alpn in re.findall(
                VARIABLES, text, re.M):
            rounds.append({
                'version': version,
                'suite': OPENSSL_NUMBERS.get(suite, suite),
                'resumed': reused == 'r',
                'client': client == 'SUCCESS',
                'alpn': alpn.replace('-', ''),
            })
        return rounds
