import { createHmac } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Alert, Notice } from '../../src/incidents/alerts/alert.js';
import { channelSettings } from '../../src/incidents/alerts/channelSettings.js';
import { openChannel } from '../../src/incidents/alerts/openChannels.js';
import { sendTestAlert } from '../../src/incidents/alerts/testAlert.js';

const alert: Alert = {
  id: 7,
  fingerprint: 'incident/rrc00/2026-01-01T00:00:00.000Z',
  kind: 'incident opened',
  severity: 'critical',
  title: 'hijack on rrc00 (AS64666, 198.51.100.0/24) <b>',
  body: {
    lines: ['198.51.100.0/24 "is" announced by AS64666]'],
    revision: 1,
    times: 1,
    stream: 'rrc00',
    class: 'hijack',
  },
  raisedAt: new Date('2026-01-01T00:05:00Z'),
  resolvedAt: null,
  delivered: {},
};
const notice: Notice = { phase: 'raised', alert };
const second: Notice = { phase: 'raised', alert: { ...alert, id: 8, severity: 'minor', title: 'moas on rrc00' } };
const signal = () => AbortSignal.timeout(5000);
const channel = (settings: object) => openChannel(channelSettings.parse({ name: 'it', ...settings }));

async function httpServer(status = 200) {
  const requests: { headers: Record<string, string | string[] | undefined>; body: string }[] = [];
  const server = createHttpServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      requests.push({ headers: request.headers, body });
      response.writeHead(status).end(status === 200 ? 'ok' : 'no such hook');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { requests, url, close };
}

describe('webhook', () => {
  test('posts signed JSON with a key that stays the same', async () => {
    const server = await httpServer();
    const hook = channel({ type: 'webhook', url: server.url, secret: 'a long secret', headers: { 'X-Team': 'noc' } });
    await hook.send([notice, second], signal());
    await hook.send([notice, second], signal());
    server.close();
    const [first, again] = server.requests;
    expect(JSON.parse(first!.body).alerts).toMatchObject([
      { id: 7, phase: 'raised', severity: 'critical', class: 'hijack', raisedAt: '2026-01-01T00:05:00.000Z' },
      { id: 8, severity: 'minor' },
    ]);
    expect(first!.headers['x-team']).toBe('noc');
    expect(first!.headers['x-routewarden-signature']).toBe(
      `sha256=${createHmac('sha256', 'a long secret').update(first!.body).digest('hex')}`,
    );
    expect(first!.headers['idempotency-key']).toBe('routewarden-7-1-raised,routewarden-8-1-raised');
    expect(again!.headers['idempotency-key']).toBe(first!.headers['idempotency-key']);
  });

  test('a second test alert has a key of its own, or a receiver that drops what it had would drop it', async () => {
    const server = await httpServer();
    const hook = channel({ type: 'webhook', url: server.url });
    await sendTestAlert(hook, new Date(0));
    await sendTestAlert(hook, new Date(1_000));
    server.close();
    const keys = server.requests.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual(['routewarden-test-0-1-raised', 'routewarden-test-1000-1-raised']);
  });

  test('reads the beginning of an endless answer, and no more', async () => {
    const server = createHttpServer((_request, response) => {
      response.writeHead(500);
      const go = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', go);
      go();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const hook = channel({ type: 'webhook', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
    const error = (await hook.send([notice], signal()).catch((cause: Error) => cause)) as Error;
    server.closeAllConnections();
    server.close();
    expect(error.message).toMatch(/answered 500: x{200}$/);
  });

  test('says what the server answered', async () => {
    const server = await httpServer(404);
    const hook = channel({ type: 'webhook', url: server.url });
    await expect(hook.send([notice], signal())).rejects.toThrow(/answered 404: no such hook/);
    server.close();
    await expect(hook.send([notice], signal())).rejects.toThrow();
  });
});

test('slack gets attachments, with its markup escaped', async () => {
  const server = await httpServer();
  await channel({ type: 'slack', url: server.url }).send([notice, second], signal());
  server.close();
  const body = JSON.parse(server.requests[0]!.body);
  expect(body.text).toBe('[critical] hijack on rrc00 (AS64666, 198.51.100.0/24) &lt;b&gt; and 1 more');
  expect(body.attachments).toHaveLength(2);
  expect(body.attachments[0]).toMatchObject({ color: '#c92a2a' });
  expect(body.attachments[0].text).toContain('"is" announced by AS64666');
});

/** Speaks enough of RFC 5321 for one session a connection, with AUTH PLAIN. */
async function smtpServer(refuse?: string) {
  const mails: { from: string; to: string[]; data: string }[] = [];
  const logins: string[] = [];
  const server = createServer((socket) => {
    let mail = { from: '', to: [] as string[], data: '' };
    let inData = false;
    let pending = '';
    socket.on('error', () => {});
    socket.write('220 mail.test ESMTP\r\n');
    socket.on('data', (chunk) => {
      pending += chunk;
      for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
        const line = pending.slice(0, end);
        pending = pending.slice(end + 2);
        if (inData) {
          if (line !== '.') {
            mail.data += `${line}\n`;
            continue;
          }
          inData = false;
          mails.push(mail);
          mail = { from: '', to: [], data: '' };
          socket.write('250 queued\r\n');
        } else if (/^STARTTLS/i.test(line)) socket.write('502 not here\r\n');
        else if (/^EHLO/i.test(line)) socket.write('250-mail.test\r\n250 AUTH PLAIN\r\n');
        else if (/^AUTH PLAIN/i.test(line)) {
          logins.push(Buffer.from(line.split(' ')[2]!, 'base64').toString().replaceAll('\0', ' ').trim());
          socket.write('235 welcome\r\n');
        } else if (/^MAIL FROM/i.test(line)) {
          mail.from = line;
          socket.write('250 ok\r\n');
        } else if (/^RCPT TO/i.test(line)) {
          mail.to.push(line);
          socket.write(refuse === undefined ? '250 ok\r\n' : `${refuse}\r\n`);
        } else if (/^DATA/i.test(line)) {
          inData = true;
          socket.write('354 go on\r\n');
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else socket.write('250 ok\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { mails, logins, port: (server.address() as AddressInfo).port, close: () => server.close() };
}

describe('email', () => {
  const settings = {
    type: 'email',
    host: '127.0.0.1',
    security: 'none',
    from: 'Warden <w@example.net>',
    to: ['noc@example.net'],
  };

  test('logs in and sends plain text that threads by alert', async () => {
    const server = await smtpServer();
    const mail = channel({ ...settings, port: server.port, user: 'warden', password: 'secret' });
    await mail.send([notice, second], signal());
    await mail.close();
    server.close();
    expect(server.logins).toEqual(['warden secret']);
    const [sent] = server.mails;
    expect(sent!.from).toContain('<w@example.net>');
    expect(sent!.to[0]).toContain('<noc@example.net>');
    expect(sent!.data).toMatch(/^Subject: \[critical\] hijack on rrc00/m);
    expect(sent!.data).toMatch(/^Message-ID: <routewarden-7-1-raised-2@routewarden>/im);
    expect(sent!.data).toMatch(/^References: <routewarden-7@routewarden>/im);
    expect(sent!.data).toContain('198.51.100.0/24 "is" announced by AS64666');
    expect(sent!.data).toContain('[minor] moas on rrc00');
  });

  test('says what the server refused, and never sends in plain when STARTTLS was asked for', async () => {
    const server = await smtpServer('550 no such mailbox');
    await expect(channel({ ...settings, port: server.port }).send([notice], signal())).rejects.toThrow(
      /550 no such mailbox/,
    );
    const strict = channel({ ...settings, security: 'starttls', port: server.port });
    await expect(strict.send([notice], signal())).rejects.toThrow(/TLS/i);
    server.close();
    expect(server.mails).toEqual([]);
  });
});

describe('syslog (RFC 5424)', () => {
  const form =
    /^<130>1 2026-01-01T00:05:00\.000Z router\.test routewarden \d+ incident-opened \[routewarden@32473 key="routewarden-7-1-raised" kind="incident opened" phase="raised" stream="rrc00" class="hijack"\] \ufeff\[critical\] hijack on rrc00/;

  test('over UDP, a datagram a notice', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const received: string[] = [];
    const both = new Promise<void>((resolve) =>
      socket.on('message', (message) => received.push(message.toString()) === 2 && resolve()),
    );
    const port = socket.address().port;
    await channel({ type: 'syslog', port, hostname: 'router.test' }).send([notice, second], signal());
    await both;
    socket.close();
    expect(received[0]).toMatch(form);
    expect(received[1]).toMatch(/^<132>1 /);
  });

  test('over TCP, with octet counting', async () => {
    let received = Buffer.alloc(0);
    const server = createServer((socket) =>
      socket.on('data', (chunk) => (received = Buffer.concat([received, chunk]))),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const log = channel({ type: 'syslog', transport: 'tcp', port, hostname: 'router.test' });
    await log.send([notice, second], signal());
    await new Promise<void>((resolve) => server.close(() => resolve()));
    const messages: string[] = [];
    while (received.length > 0) {
      const space = received.indexOf(' ');
      const length = Number(received.subarray(0, space).toString());
      messages.push(received.subarray(space + 1, space + 1 + length).toString());
      received = received.subarray(space + 1 + length);
    }
    expect(messages).toHaveLength(2);
    expect(messages[0]).toMatch(form);
    await expect(log.send([notice], signal())).rejects.toThrow(/ECONNREFUSED/);
  });
});

test('a file gets a JSON object a line, and the test alert goes the same way', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alerts-'));
  try {
    const path = join(folder, 'deep', 'alerts.jsonl');
    const file = channel({ type: 'file', path });
    await file.send([notice, second], signal());
    await sendTestAlert(file, new Date(0));
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).kind)).toEqual(['incident opened', 'incident opened', 'test']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
