"""Takes readings over TLS: server.py CERTIFICATE KEY [PORT].

Prints the port, then every reading.
"""
import http.server
import ssl
import sys


class Readings(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        size = int(self.headers['Content-Length'])
        print(self.path, self.rfile.read(size).decode(), flush=True)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format, *args):
        pass


if len(sys.argv) not in (3, 4):
    sys.exit('usage: server.py CERTIFICATE KEY [PORT]')
port = int(sys.argv[3]) if len(sys.argv) == 4 else 0
server = http.server.HTTPServer(('127.0.0.1', port), Readings)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print('listening on', server.server_port, flush=True)
server.serve_forever()
