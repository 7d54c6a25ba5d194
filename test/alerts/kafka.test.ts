import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Alert, Notice } from '../../src/incidents/alerts/alert.js';
import { channelSettings } from '../../src/incidents/alerts/channelSettings.js';
import { openChannel } from '../../src/incidents/alerts/openChannels.js';
import { freePort } from '../../src/storage/freePort.js';

const missing = spawnSync('kcat', ['-V']).error === undefined ? null : 'kcat is not installed: apt-get install kcat';
if (missing !== null && process.env.CI) throw new Error(missing);
const suite = missing === null ? describe : describe.skip;

const alert: Alert = {
  id: 7,
  fingerprint: 'incident/rrc00/2026-01-01T00:00:00.000Z/AS64666',
  kind: 'incident opened',
  severity: 'critical',
  title: 'your 192.0.2.0/24: hijack by AS64666 on rrc00',
  body: { lines: ['what to do: call its upstreams'], revision: 1, times: 1, stream: 'rrc00', class: 'hijack' },
  raisedAt: new Date('2026-01-01T00:05:00Z'),
  resolvedAt: null,
  delivered: {},
};
const raised: Notice = { phase: 'raised', alert };
const channel = (broker: string, settings: object = {}) =>
  openChannel(channelSettings.parse({ type: 'kafka', name: 'bus', brokers: [broker], topic: 'alerts', ...settings }));

/** The broker that librdkafka brings for tests, in a consumer of its maker that prints what comes. */
class Broker {
  readonly lines: string[] = [];
  readonly address: Promise<string>;
  private readonly process: ChildProcess;

  constructor() {
    const how = ['-C', '-u', '-b', 'localhost:1', '-t', 'alerts', '-X', 'test.mock.num.brokers=1', '-d', 'mock'];
    this.process = spawn('kcat', [...how, '-f', '%k\t%h\t%s\n'], { stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface({ input: this.process.stdout! }).on('line', (line) => this.lines.push(line));
    this.address = new Promise((resolve, reject) => {
      let said = '';
      this.process.stderr!.on('data', (data: Buffer) => {
        said += data;
        const found = /bootstrap\.servers=(127\.0\.0\.1:\d+)/.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
      this.process.once('error', reject);
      this.process.once('exit', () => reject(new Error(`kcat ended: ${said}`)));
    });
    this.address.catch(() => undefined);
  }

  async until(count: number): Promise<void> {
    while (this.lines.length < count) await new Promise((done) => setTimeout(done, 50));
  }

  stop(): void {
    this.process.kill('SIGKILL');
  }
}

suite(`Kafka${missing === null ? '' : ` (${missing})`}`, () => {
  let broker: Broker | undefined;
  afterEach(() => broker?.stop());

  test('takes a message an alert, which a consumer of another maker reads', async () => {
    broker = new Broker();
    const bus = channel(await broker.address);
    try {
      await bus.send([raised], AbortSignal.timeout(20_000));
      const over = { ...alert, resolvedAt: new Date('2026-01-01T02:00:00Z') };
      await bus.send([{ phase: 'resolved', alert: over }], AbortSignal.timeout(20_000));
    } finally {
      await bus.close();
    }
    await broker.until(2);
    const [first, second] = broker.lines.map((line) => line.split('\t'));
    expect(first![0]).toBe(alert.fingerprint);
    expect(second![0]).toBe(alert.fingerprint);
    expect(first![1]).toMatch(/^idempotency-key=/);
    expect(second![1]).not.toBe(first![1]);
    expect(JSON.parse(first![2]!)).toMatchObject({ phase: 'raised', severity: 'critical', title: alert.title });
    expect(JSON.parse(second![2]!)).toMatchObject({ phase: 'resolved' });
  });
});

test('a broker that is away is an error with its reason', async () => {
  const bus = channel(`127.0.0.1:${await freePort()}`, { timeoutSeconds: 5 });
  await expect(bus.send([raised], AbortSignal.timeout(20_000))).rejects.toThrow(/ECONNREFUSED|Connection error/);
  await bus.close();
});

test.each([
  [{ brokers: ['kafka.example.net'] }, 'expected host:port'],
  [{ topic: 'a b' }, 'is not a name of a topic'],
  [{ user: 'u' }, 'user and password go together'],
])('settings %j are refused in words', (wrong, words) => {
  const given = { type: 'kafka', name: 'bus', brokers: ['k:9092'], topic: 'alerts', ...wrong };
  expect(channelSettings.safeParse(given).error?.message).toContain(words);
});
