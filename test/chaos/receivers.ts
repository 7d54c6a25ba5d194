import type { Pool } from 'pg';
import { raiseAlertAlone } from '../../src/storage/alerts.js';
import { httpReceiver, type Receiver, smtpReceiver, tarpit } from '../alerts/receivers.js';
import { TcpProxy } from './stores/tcpProxy.js';

/** An event of the harness's own, raised just before a fault, and whoever is on call must hear of it after. */
interface Planted {
  name: string;
  /** The fault's end, ms since 1970; null while it lasts. */
  endedAt: number | null;
}

export interface Told {
  /** The longest time from a fault's end to the call of the event planted before it, seconds. */
  slowest: number;
  /** Of events told later than that, or never. */
  late: string[];
}

const LOOK_MILLISECONDS = 100;

/** Who is on call: a webhook and a mail server, which faults can make stuck, and what the webhook heard and when. */
export class Receivers {
  /** A mail server that drips lines without an end takes the place of the other one. */
  mailIsStuck = false;
  private readonly heardAt = new Map<string, number>();
  private readonly planted: Planted[] = [];
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly hook: Receiver,
    private readonly mail: Receiver,
    private readonly pit: Awaited<ReturnType<typeof tarpit>>,
    readonly hookProxy: TcpProxy,
    private mailProxy: TcpProxy | null,
  ) {
    this.timer = setInterval(() => this.read(), LOOK_MILLISECONDS);
  }

  static async start(): Promise<Receivers> {
    const [hook, mail, pit] = await Promise.all([httpReceiver(), smtpReceiver(), tarpit()]);
    const hookProxy = await TcpProxy.listen(() => hook.port);
    const receivers = new Receivers(hook, mail, pit, hookProxy, null);
    receivers.mailProxy = await TcpProxy.listen(() => (receivers.mailIsStuck ? pit.port : mail.port));
    return receivers;
  }

  /** What the settings say of alerts. */
  get settings(): object {
    return {
      minimumSeverity: 'info',
      groupSeconds: 0.5,
      repeatMinutes: 0,
      retry: { attempts: 50, firstSeconds: 0.5, longestSeconds: 5 },
      channels: [
        { type: 'webhook', name: 'pager', url: `http://127.0.0.1:${this.hookProxy.port}/` },
        {
          type: 'email',
          name: 'mail',
          host: '127.0.0.1',
          port: this.mailProxy!.port,
          security: 'none',
          from: 'chaos@example.net',
          to: ['noc@example.net'],
        },
      ],
    };
  }

  async plant(pool: Pool, name: string): Promise<void> {
    const title = `planted before ${name}`;
    const fingerprint = `planted/${name}`;
    const request = { fingerprint, kind: 'drift' as const, severity: 'critical' as const, title, lines: [name] };
    this.planted.push({ name: title, endedAt: null });
    await raiseAlertAlone(pool, request, new Date());
  }

  /** The newest fault is over. */
  faultEnded(): void {
    const newest = this.planted.at(-1);
    if (newest !== undefined) newest.endedAt = Date.now();
  }

  /** Waits for those that are not told yet, until `seconds` after the end of their fault. */
  async told(pool: Pool, seconds: number): Promise<Told> {
    const until = () => Math.max(0, ...this.planted.map(({ endedAt }) => (endedAt ?? 0) + seconds * 1000));
    while (Date.now() < until() && this.planted.some(({ name }) => !this.heardAt.has(name)))
      await new Promise((done) => setTimeout(done, LOOK_MILLISECONDS));
    const told: Told = { slowest: 0, late: await this.untold(pool, until()) };
    for (const { name, endedAt } of this.planted) {
      const heard = this.heardAt.get(name);
      const lasted = heard === undefined ? Number.POSITIVE_INFINITY : Math.max(0, (heard - (endedAt ?? heard)) / 1000);
      if (lasted > seconds)
        told.late.push(`an event ${name} was told ${heard === undefined ? 'never' : `after ${lasted} s`}`);
      else told.slowest = Math.max(told.slowest, lasted);
    }
    return told;
  }

  /** Alerts of the system's own, such as of its incidents, that no channel is done with in time, in words. */
  private async untold(pool: Pool, until: number): Promise<string[]> {
    for (;;) {
      const { rows } = await pool.query<{ title: string; delivered: string }>(
        `SELECT title, delivered::text FROM alerts WHERE delivered->>'done' IS DISTINCT FROM 'true' ORDER BY id`,
      );
      if (rows.length === 0) return [];
      if (Date.now() > until)
        return rows.map(({ title, delivered }) => `not told: ${title}: ${delivered}`.slice(0, 400));
      await new Promise((done) => setTimeout(done, LOOK_MILLISECONDS));
    }
  }

  private read(): void {
    for (const message of this.hook.messages.splice(0)) {
      const { alerts } = JSON.parse(message) as { alerts: { title: string }[] };
      for (const { title } of alerts) if (!this.heardAt.has(title)) this.heardAt.set(title, Date.now());
    }
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.hookProxy.close();
    await this.mailProxy?.close();
    for (const server of [this.hook, this.mail, this.pit]) server.close();
  }
}
