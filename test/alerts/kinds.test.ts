import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ALERT_KINDS, type Alert, type AlertKind } from '../../src/incidents/alerts/alert.js';
import type { AlertChannel } from '../../src/incidents/alerts/channels/channel.js';
import { routedChannels } from '../../src/incidents/alerts/delivery.js';
import { openChannels } from '../../src/incidents/alerts/openChannels.js';
import { alertSettings } from '../../src/incidents/alerts/settings.js';
import type { IncidentClass, Severity } from '../../src/incidents/incident.js';
import { httpReceiver, type Receiver, smtpReceiver, syslogReceiver } from './receivers.js';

let folder: string;
let receivers: Record<'webhook' | 'slack' | 'email' | 'syslog', Receiver>;
let channels: AlertChannel[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'routewarden-kinds-'));
  receivers = {
    webhook: await httpReceiver(),
    slack: await httpReceiver(),
    email: await smtpReceiver(),
    syslog: await syslogReceiver(),
  };
  const at = (receiver: Receiver) => `http://127.0.0.1:${receiver.port}/hook`;
  const { channels: settings } = alertSettings.parse({
    channels: [
      { name: 'webhook', type: 'webhook', url: at(receivers.webhook) },
      { name: 'slack', type: 'slack', url: at(receivers.slack) },
      {
        name: 'email',
        type: 'email',
        host: '127.0.0.1',
        port: receivers.email.port,
        security: 'none',
        from: 'warden@example.net',
        to: ['noc@example.net'],
      },
      { name: 'syslog', type: 'syslog', host: '127.0.0.1', port: receivers.syslog.port, transport: 'udp' },
      { name: 'file', type: 'file', path: join(folder, 'alerts.jsonl') },
    ],
  });
  channels = openChannels(settings);
});
afterAll(async () => {
  for (const receiver of Object.values(receivers)) receiver.close();
  await rm(folder, { recursive: true, force: true });
});

function alertOf(kind: AlertKind, severity: Severity, name?: IncidentClass, id = 1): Alert {
  return {
    id,
    fingerprint: `${kind}/${id}`,
    kind,
    severity,
    title: `title of ${kind}`,
    body: {
      lines: [`why ${kind}`],
      revision: 1,
      times: 1,
      stream: 'rrc00',
      ...(name !== undefined && { class: name }),
    },
    raisedAt: new Date('2026-01-01T00:05:00Z'),
    resolvedAt: null,
    delivered: {},
  };
}

/** What a channel's receiver has heard so far, as text. */
async function heard(name: string): Promise<string> {
  if (name === 'file') return readFile(join(folder, 'alerts.jsonl'), 'utf8');
  return receivers[name as keyof typeof receivers].messages.join('\n');
}

describe('every kind reaches every channel over its own protocol', () => {
  test.each(ALERT_KINDS)('%s', async (kind) => {
    const alert = alertOf(kind, 'major', kind.startsWith('incident') ? 'leak' : undefined);
    for (const channel of channels) {
      await channel.send([{ phase: 'raised', alert }], AbortSignal.timeout(5_000));
      // A datagram is sent before it is received.
      for (let tries = 0; tries < 50 && !(await heard(channel.name)).includes(`title of ${kind}`); tries++) {
        await new Promise((done) => setTimeout(done, 20));
      }
      const text = await heard(channel.name);
      expect([channel.name, text.includes(`title of ${kind}`), text.includes(`why ${kind}`)]).toEqual([
        channel.name,
        true,
        true,
      ]);
    }
  });
});

test('by default what is major or graver is told, and who was told hears on when it becomes less', () => {
  const channels = [{ name: 'all', type: 'file', path: '/tmp/all' }];
  const settings = alertSettings.parse({ channels });
  const to = (severity: Severity) => routedChannels(alertOf('incident opened', severity, 'hijack'), settings);
  expect([to('info'), to('minor'), to('major'), to('critical')]).toEqual([[], [], ['all'], ['all']]);
  const fallen = alertOf('incident grown', 'minor', 'moas');
  fallen.delivered = { channels: { all: { state: 'sent', revision: 1, resolved: false, attempts: 0 } } };
  expect(routedChannels(fallen, settings)).toEqual(['all']);
  const routed = alertSettings.parse({ channels, routes: [{ channels: ['all'] }] });
  expect(routedChannels(alertOf('incident opened', 'minor', 'hijack'), routed)).toEqual([]);
  const wide = alertSettings.parse({ channels, minimumSeverity: 'info' });
  expect(routedChannels(alertOf('incident opened', 'info', 'hijack'), wide)).toEqual(['all']);
});

test('routes go by severity, kind, class and stream, each on its own and together', () => {
  const settings = alertSettings.parse({
    channels: ['all', 'grave', 'classes', 'feeds', 'elsewhere'].map((name) => ({
      name,
      type: 'file',
      path: `/tmp/${name}`,
    })),
    routes: [
      { channels: ['all'], minimumSeverity: 'info' },
      { channels: ['grave'], minimumSeverity: 'critical' },
      { channels: ['classes'], minimumSeverity: 'major', classes: ['hijack', 'leak'] },
      { channels: ['feeds'], kinds: ['feed stale', 'service down'] },
      { channels: ['elsewhere'], streams: ['rrc99'] },
    ],
  });
  const to = (...alert: Parameters<typeof alertOf>) => routedChannels(alertOf(...alert), settings);
  expect(to('incident opened', 'info', 'hijack')).toEqual(['all']);
  expect(to('incident opened', 'major', 'hijack')).toEqual(['all', 'classes']);
  expect(to('incident grown', 'critical', 'leak')).toEqual(['all', 'grave', 'classes']);
  expect(to('incident opened', 'critical', 'outage')).toEqual(['all', 'grave']);
  expect(to('feed stale', 'major')).toEqual(['all', 'feeds']);
  expect(to('drift', 'minor')).toEqual(['all']);
});
