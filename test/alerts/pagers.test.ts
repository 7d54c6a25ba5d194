import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { redacted, secretHider } from '../../src/config/redaction.js';
import type { Alert, Notice } from '../../src/incidents/alerts/alert.js';
import { channelSettings } from '../../src/incidents/alerts/channelSettings.js';
import { Refused } from '../../src/incidents/alerts/channels/post.js';
import { afterFailure } from '../../src/incidents/alerts/delivery.js';
import { pageAddress } from '../../src/incidents/alerts/links.js';
import { openChannel } from '../../src/incidents/alerts/openChannels.js';
import { alertSettings } from '../../src/incidents/alerts/settings.js';

const PAGE = 'https://warden.example.net';
const alert: Alert = {
  id: 7,
  fingerprint: 'incident/rrc00/2026-01-01T00:00:00.000Z/AS64666',
  kind: 'incident opened',
  severity: 'critical',
  title: 'your 192.0.2.0/24: hijack by AS64666 on rrc00',
  body: {
    lines: ['your 192.0.2.0/24 is announced by AS64666 *[x](http://evil.example)*', 'what to do: call its upstreams'],
    revision: 1,
    times: 1,
    stream: 'rrc00',
    class: 'hijack',
    watched: true,
    facts: { incident: 12, subject: 'AS64666' },
  },
  raisedAt: new Date('2026-01-01T00:05:00Z'),
  resolvedAt: null,
  delivered: {},
};
const raised: Notice = { phase: 'raised', alert };
const heard = {
  delivered: { channels: { it: { state: 'sent', revision: 1, resolved: false, attempts: 0 } } },
} as const;
const later = (phase: Notice['phase']): Notice => ({
  phase,
  alert: { ...alert, ...heard, resolvedAt: phase === 'grown' ? null : new Date('2026-01-01T02:00:00Z') },
});

interface Asked {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: what a service was sent, looked at field by field
  body: any;
}

/** A server that answers as the services do, and keeps what it was asked. */
class Service {
  readonly asked: Asked[] = [];
  answer: { status: number; headers?: Record<string, string>; body: string } = { status: 202, body: '{}' };
  private readonly server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      this.asked.push({
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: JSON.parse(text),
      });
      response.writeHead(this.answer.status, this.answer.headers).end(this.answer.body);
    });
  });
  async open(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

let service: Service;
let url: string;
const signal = () => AbortSignal.timeout(5_000);
const channel = (settings: object) => openChannel(channelSettings.parse({ name: 'it', ...settings }), PAGE);

beforeEach(async () => {
  service = new Service();
  url = await service.open();
});
afterEach(() => service.close());

describe('PagerDuty', () => {
  const pager = () => channel({ type: 'pagerduty', url: `${url}/v2/enqueue`, routingKey: 'key-of-service' });

  test('gets an event a notice, with the key of its alert and a link to its page', async () => {
    await pager().send([raised], signal());
    expect(service.asked).toMatchObject([
      {
        path: '/v2/enqueue',
        body: {
          routing_key: 'key-of-service',
          dedup_key: 'routewarden-7',
          event_action: 'trigger',
          client_url: `${PAGE}/incidents/12`,
          payload: {
            summary: '[critical] your 192.0.2.0/24: hijack by AS64666 on rrc00',
            source: 'rrc00',
            severity: 'critical',
            timestamp: '2026-01-01T00:05:00.000Z',
          },
        },
      },
    ]);
  });

  test('resolves what is over, and never what went silent', async () => {
    await pager().send([later('resolved')], signal());
    await pager().send([later('no more news')], signal());
    expect(service.asked.map(({ body }) => body.event_action)).toEqual(['resolve', 'trigger']);
    expect(service.asked[1]!.body.payload.summary).toMatch(/^\[critical\] no more news: /);
  });
});

test('Opsgenie gets an alert, notes on it, and closes what is over', async () => {
  const pager = channel({ type: 'opsgenie', url, apiKey: 'genie-secret-key' });
  for (const phase of ['raised', 'grown', 'no more news', 'resolved'] as const) {
    await pager.send([phase === 'raised' ? raised : later(phase)], signal());
  }
  expect(service.asked.map(({ path }) => path)).toEqual([
    '/v2/alerts',
    '/v2/alerts/routewarden-7/notes?identifierType=alias',
    '/v2/alerts/routewarden-7/notes?identifierType=alias',
    '/v2/alerts/routewarden-7/close?identifierType=alias',
  ]);
  expect(service.asked[0]).toMatchObject({
    headers: { authorization: 'GenieKey genie-secret-key' },
    body: { alias: 'routewarden-7', priority: 'P1', details: { link: `${PAGE}/incidents/12`, subject: 'AS64666' } },
  });
  expect(service.asked[0]!.body.message.length).toBeLessThanOrEqual(130);
});

test('Microsoft Teams gets one card, in which names are no Markdown', async () => {
  const chat = channel({ type: 'teams', url });
  await chat.send(
    Array.from({ length: 12 }, () => raised),
    signal(),
  );
  const [{ contentType, content }] = service.asked[0]!.body.attachments;
  expect(service.asked).toHaveLength(1);
  expect(contentType).toBe('application/vnd.microsoft.card.adaptive');
  expect(content).toMatchObject({ type: 'AdaptiveCard', version: '1.4' });
  expect(content.body[0].text).toContain(`](${PAGE}/incidents/12)`);
  expect(content.body[1].text).toContain('\\*\\[x\\]\\(http://evil.example\\)\\*');
  expect(content.body.at(-1).text).toBe('and 2 more on the page');
});

describe('Telegram', () => {
  const chat = () => channel({ type: 'telegram', url, botToken: '123456:bot-secret-token', chat: '-1001' });

  test('gets plain text in messages that it takes, silent for what is over', async () => {
    await chat().send(
      Array.from({ length: 30 }, () => raised),
      signal(),
    );
    expect(service.asked.length).toBeGreaterThan(1);
    for (const { path, body } of service.asked) {
      expect(path).toBe('/bot123456:bot-secret-token/sendMessage');
      expect(body.text.length).toBeLessThanOrEqual(4_096);
      expect(body).toMatchObject({ chat_id: '-1001', disable_notification: false });
      expect(body.parse_mode).toBeUndefined();
    }
    expect(service.asked[0]!.body.text).toContain(`${PAGE}/incidents/12`);
    await chat().send([later('resolved')], signal());
    expect(service.asked.at(-1)!.body.disable_notification).toBe(true);
  });

  test('says in its answer how long to wait', async () => {
    service.answer = { status: 429, body: '{"ok":false,"error_code":429,"parameters":{"retry_after": 35}}' };
    const fault = await chat()
      .send([raised], signal())
      .catch((error: unknown) => error);
    const now = new Date('2026-01-01T00:00:00Z');
    expect((fault as Refused).retryAt(now)).toEqual(new Date('2026-01-01T00:00:35Z'));
  });
});

describe('Retry-After', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  const { retry } = alertSettings.parse({});

  test.each([
    ['120', '2026-01-01T00:02:00.000Z'],
    ['Thu, 01 Jan 2026 00:10:00 GMT', '2026-01-01T00:10:00.000Z'],
    ['999999999', '2026-01-02T00:00:00.000Z'],
    ['soon', null],
  ])('%s', async (header, until) => {
    service.answer = { status: 503, headers: { 'retry-after': header }, body: 'busy' };
    const fault = await channel({ type: 'webhook', url })
      .send([raised], signal())
      .catch((error: unknown) => error);
    const asked = (fault as Refused).retryAt(now);
    expect(asked?.toISOString() ?? null).toBe(until);
    const next = afterFailure(raised, undefined, 'busy', retry, now, 0, asked).nextAt;
    expect(next).toBe(until ?? '2026-01-01T00:00:05.000Z');
  });

  test('the receiver is left alone for that long, whatever else there is to tell', async () => {
    service.answer = { status: 429, headers: { 'retry-after': '60' }, body: 'slow down' };
    const hook = channel({ type: 'webhook', url });
    for (let times = 0; times < 3; times++) await expect(hook.send([raised], signal())).rejects.toBeInstanceOf(Refused);
    expect(service.asked).toHaveLength(1);
  });
});

test('a room of Matrix gets a message an alert, with an id that stays when it is sent again', async () => {
  service.answer = { status: 200, body: '{"event_id": "$1"}' };
  const room = channel({ type: 'matrix', url, room: '!abc:example.net', accessToken: 'token-of-user' });
  for (const phase of ['raised', 'raised', 'resolved'] as const) {
    await room.send([phase === 'raised' ? raised : later(phase)], signal());
  }
  const place = '/_matrix/client/v3/rooms/!abc%3Aexample.net/send/m.room.message';
  expect(service.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    `PUT ${place}/routewarden-7-1-raised`,
    `PUT ${place}/routewarden-7-1-raised`,
    `PUT ${place}/routewarden-7-1-resolved`,
  ]);
  expect(service.asked[0]!.headers.authorization).toBe('Bearer token-of-user');
  expect(service.asked.map(({ body }) => body.msgtype)).toEqual(['m.text', 'm.text', 'm.notice']);
  expect(service.asked[0]!.body.body).toMatch(
    /^\[critical\] your 192\.0\.2\.0\/24[\s\S]*what to do: [\s\S]*\/incidents\/12/,
  );
  service.answer = { status: 429, body: '{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 35000}' };
  const refused = await room.send([raised], signal()).catch((error: unknown) => error);
  expect((refused as Refused).retryAt(new Date(0))).toEqual(new Date(35_000));
});

test('Webex gets plain text, with what to do and the link', async () => {
  await channel({ type: 'webex', url: `${url}/v1/webhooks/incoming/abc` }).send([raised, later('resolved')], signal());
  expect(service.asked.map(({ body }) => Object.keys(body))).toEqual([['text'], ['text']]);
  expect(service.asked[0]!.body.text).toMatch(/what to do: [\s\S]*https:\/\/warden\.example\.net\/incidents\/12/);
});

test('Alerta gets the same event from first to last, and `normal` for what is over alone', async () => {
  service.answer = { status: 201, body: '{"status": "ok"}' };
  const alerta = channel({ type: 'alerta', url: `${url}/api/`, apiKey: 'alerta-key', environment: 'Development' });
  for (const phase of ['raised', 'grown', 'no more news', 'resolved'] as const) {
    await alerta.send([phase === 'raised' ? raised : later(phase)], signal());
  }
  expect(service.asked.map(({ path, body }) => [path, body.event, body.severity])).toEqual([
    ['/api/alert', alert.fingerprint, 'critical'],
    ['/api/alert', alert.fingerprint, 'critical'],
    ['/api/alert', alert.fingerprint, 'critical'],
    ['/api/alert', alert.fingerprint, 'normal'],
  ]);
  expect(service.asked[0]).toMatchObject({
    headers: { authorization: 'Key alerta-key' },
    body: {
      resource: 'rrc00',
      environment: 'Development',
      service: ['Routewarden'],
      attributes: { moreInfo: `${PAGE}/incidents/12` },
    },
  });
});

test('keys and tokens are hidden, in settings and in what a service says', () => {
  const channels = [
    { type: 'pagerduty', name: 'a', routingKey: 'routing-secret' },
    { type: 'opsgenie', name: 'b', apiKey: 'genie-secret' },
    { type: 'telegram', name: 'c', botToken: '1:bot-secret', chat: '1' },
    { type: 'teams', name: 'd', url: 'https://teams.example/hook-secret' },
    { type: 'matrix', name: 'e', url: 'https://matrix.example', room: '!a:b', accessToken: 'matrix-secret' },
    { type: 'alerta', name: 'f', url: 'https://alerta.example/api', apiKey: 'alerta-secret' },
    { type: 'webex', name: 'g', url: 'https://webex.example/hook-secret' },
  ];
  expect(JSON.stringify(redacted(channels, 'alerts.channels'))).not.toMatch(/-secret/);
  expect(redacted({ url: 'https://beat.example/ping-secret' }, 'alerts.heartbeat')).not.toMatchObject({
    url: expect.stringContaining('-secret'),
  });
  expect(secretHider(channels, 'alerts.channels')('no such bot 1:bot-secret')).not.toContain('bot-secret');
});

test('the address of the page', () => {
  expect(pageAddress({ publicUrl: 'https://warden.example.net/', host: '127.0.0.1', port: 1 })).toBe(PAGE);
  expect(pageAddress({ host: '127.0.0.1', port: 8787 })).toBe('http://127.0.0.1:8787');
  expect(pageAddress({ host: '::1', port: 8787 })).toBe('http://[::1]:8787');
  expect(pageAddress({ host: '0.0.0.0', port: 80 })).not.toContain('0.0.0.0');
});

describe('the body of a webhook', () => {
  const template =
    '{"summary": "{{severity}}: {{title}}", "text": "{{#lines}}{{.}}\\n{{/lines}}", "id": {{facts.incident}}}';

  test('follows its template: one POST an alert, quotes and line breaks as JSON has them', async () => {
    const odd: Notice = { phase: 'raised', alert: { ...alert, id: 8, title: 'a "quoted" & <odd>\ntitle' } };
    await channel({ type: 'webhook', url, secret: 'a-long-secret', template }).send(
      [raised, odd],
      AbortSignal.timeout(5_000),
    );
    expect(service.asked.map(({ body }) => body)).toEqual([
      { summary: `critical: ${alert.title}`, text: `${alert.body.lines.join('\n')}\n`, id: 12 },
      { summary: 'critical: a "quoted" & <odd>\ntitle', text: `${alert.body.lines.join('\n')}\n`, id: 12 },
    ]);
    const [first, second] = service.asked.map(({ headers }) => headers['x-routewarden-signature']);
    expect(first).toMatch(/^sha256=/);
    expect(second).not.toBe(first);
  });

  test('goes by PUT or PATCH where the settings say so', async () => {
    await channel({ type: 'webhook', url, method: 'PUT' }).send([raised], signal());
    expect(service.asked.map(({ method }) => method)).toEqual(['PUT']);
  });

  test.each(['{"summary": {{title}}}', '{{#lines}}', 'plain {{title}}'])('%s is refused with the settings', (wrong) => {
    const read = channelSettings.safeParse({ type: 'webhook', name: 'it', url: 'http://127.0.0.1/', template: wrong });
    expect(read.error?.issues[0]?.message).toMatch(/gives no JSON/);
  });
});
