// node.js serve PORT FILE | get PORT | echo PORT | many PORT N |
// both OURS THEIRS CA: node's ends of what node.sh tries.
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');
const net = require('net');

const [verb, port, what, ca] = process.argv.slice(2);

function fail(error) {
  console.error(verb, error.code || error.message);
  process.exit(1);
}

function get(from, options) {
  return new Promise((resolve, reject) => {
    const parts = [];
    from.get(options, (answer) => {
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve(Buffer.concat(parts)));
      answer.on('error', reject);
    }).on('error', reject);
  });
}

// GET has the file; ECHO sends back what follows, on the same connection.
function serve() {
  const body = fs.readFileSync(what);
  const server = http.createServer((request, answer) => answer.end(body));
  server.on('upgrade', (request, sock) => {
    sock.write('HTTP/1.1 101 Echo\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    sock.pipe(sock);
  });
  server.listen(Number(port), '127.0.0.1');
  process.on('SIGTERM', () => process.exit(0));
}

function echo() {
  const sent = Buffer.alloc(300000, 'some bytes ');
  const request = http.get({ host: '127.0.0.1', port,
    headers: { Connection: 'Upgrade', Upgrade: 'echo' } });
  request.on('error', fail);
  request.on('upgrade', (answer, sock) => {
    const parts = [];
    let come = 0;
    sock.on('data', (part) => {
      parts.push(part);
      come += part.length;
      if (come === sent.length)
        sock.end();
    });
    sock.on('end', () => {
      console.log('same', Buffer.concat(parts).equals(sent));
      process.exit(0);
    });
    sock.write(sent);
  });
}

const descriptors = () => fs.readdirSync('/proc/self/fd').length;

// The first ten open what node keeps; no connection is used twice.
async function many() {
  let answers = 0, bytes = 0, before;
  const one = async () => {
    const body = await get(http, { host: '127.0.0.1', port, agent: false });
    answers++;
    bytes += body.length;
  };
  for (let i = 0; i < Number(what); i += 10) {
    await Promise.all(Array.from({ length: 10 }, one));
    if (before === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      before = descriptors();
    }
  }
  await new Promise((resolve) => setImmediate(resolve));
  console.log(`answers ${answers}, bytes ${bytes}, more descriptors ` +
    Math.max(0, descriptors() - before));
}

async function both() {
  const theirs = { host: '127.0.0.1', port: what, servername: 'localhost',
    ca: fs.readFileSync(ca) };
  theirs.agent = new https.Agent();
  theirs.agent.on('free', () => {});
  const own = get(https, theirs);
  const ours = get(http, { host: '127.0.0.1', port });
  for (const body of await Promise.all([own, ours]))
    process.stdout.write(body);
  const sock = require('tls').connect({ ...theirs, agent: undefined }, () => {
    console.error('openssl', process.versions.openssl);
    console.error('cipher', sock.getCipher().standardName);
    sock.end();
  });
  sock.on('error', fail);
}

const verbs = { both, echo, many, serve,
  get: async () => process.stdout.write(
    await get(http, { host: '127.0.0.1', port })) };
Promise.resolve(verbs[verb]()).catch(fail);
