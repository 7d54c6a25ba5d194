import type { Pool } from 'pg';
import { secretHider } from '../../config/redaction.js';
import {
  claimDueAlerts,
  freeClaims,
  raiseAlertAlone,
  raisedBefore,
  recordDelivery,
  recordLateDelivery,
  setAsideAlert,
} from '../../storage/alerts.js';
import { currentSilences } from '../../storage/silences.js';
import { storeIsAway } from '../../storage/storeAway.js';
import { severityRank } from '../severity.js';
import { type Alert, assertReadable, type Delivery, type Notice, unreadableAlert } from './alert.js';
import type { AlertChannel } from './channels/channel.js';
import { describeFault, Refused, wasTurnedDown } from './channels/post.js';
import { afterFailure, afterSuccess, backoffSeconds, deliveryState, dueNotice, routedChannels } from './delivery.js';
import { Lane, TRY_SECONDS } from './lane.js';
import type { AlertSettings } from './settings.js';
import { silencedUntil } from './silence.js';

export interface OutboxOptions {
  pool: Pool;
  settings: AlertSettings;
  channels: readonly AlertChannel[];
  now: () => Date;
  /** 0..1, for the jitter of retries. */
  random: () => number;
  log: { warn(context: object, message: string): void };
  /** Hears of each channel whether it took what it was sent. */
  rounds?: { failed(what: string, error: unknown): void; went(what: string): void };
  /** A try's whole time, seconds; 30 unless given. */
  trySeconds?: number;
}

const LEASE_SECONDS = 300;
const BATCH = 200;
/** Notices that a receiver turns down in one round before it is left alone for the rest of it. */
const MOST_TURNED_DOWN = 3;
/** So long a round waits for its channels; who is slower ends by itself, and the round goes on without it. */
const PATIENCE_MILLISECONDS = 1_000;
/** What a slow channel was given is due again so long after its time is up, should its outcome never be written down. */
const SPARE_SECONDS = 10;

interface Claimed {
  alert: Alert;
  previous: Date | null;
  channels: Record<string, Delivery>;
}

interface Due {
  claim: Claimed;
  notice: Notice;
}

/** What became of one alert at one channel. */
interface Outcome {
  alertId: number;
  channel: string;
  delivery: Delivery;
}

/**
 * Delivers what the `alerts` table says is due. The table is the truth: an outbox that dies is replaced by
 * another, which sends what was not recorded as sent, so a notice goes out at least once and, thanks to its key,
 * a receiver that cares sees it once. Several outboxes may run.
 */
export class AlertOutbox {
  /** What a channel says of a fault may repeat what it was given; it goes to the log and the database. */
  readonly #hideSecrets: (text: string) => string;

  readonly #lanes: Lane[];
  readonly #underWay = new Set<Promise<void>>();
  /** Of channels that were slower than their round; written down by the next one. */
  #late: Outcome[] = [];

  constructor(private readonly options: OutboxOptions) {
    const { settings, now, random } = options;
    const trySeconds = options.trySeconds ?? TRY_SECONDS;
    const restSeconds = (times: number) => backoffSeconds(times, settings.retry, random());
    this.#lanes = options.channels.map((channel) => new Lane(channel, { trySeconds, restSeconds, now }));
    this.#hideSecrets = secretHider(options.settings.channels, 'alerts.channels');
  }

  /** Takes over at once what an outbox that died had begun; the caller must be the only one to deliver. */
  takeOver(): Promise<void> {
    return freeClaims(this.options.pool);
  }

  /** By channel: notices that went out, and tries that failed, since this process began. */
  counts(): Record<string, { sent: number; failed: number }> {
    return Object.fromEntries(this.#lanes.map(({ name, counts }) => [name, { ...counts }]));
  }

  /** One round; call it every second or so. Never rejects for a channel's fault, only for the database's. */
  async deliverDue(): Promise<{ sent: number; failed: number; alerts: number }> {
    const { pool, settings, now } = this.options;
    await this.#recordLate();
    const claimed = await this.#claim();
    if (claimed.length === 0) return { sent: 0, failed: 0, alerts: 0 };
    const totals = await Promise.all(this.#lanes.map((lane) => this.#deliverTo(lane, claimed)));
    for (let next = claimed[0]; next !== undefined; next = claimed[0]) {
      const { alert, previous, channels } = next;
      try {
        await recordDelivery(pool, alert, deliveryState(alert, channels, settings, previous, now()), now());
      } catch (error) {
        if (!storeIsAway(error)) await this.#setAside(alert.id, error);
        else {
          // What went out is remembered until it can be written down, or it would go out again.
          for (const claim of claimed) this.#remember(claim);
          throw error;
        }
      }
      claimed.shift();
    }
    return {
      alerts: claimed.length,
      sent: totals.reduce((sum, { sent }) => sum + sent, 0),
      failed: totals.reduce((sum, { failed }) => sum + failed, 0),
    };
  }

  /** Each row by itself: one that cannot be read is logged and set aside, and does not hold up the others. */
  async #claim(): Promise<Claimed[]> {
    const { pool, settings, now } = this.options;
    const claimed: Claimed[] = [];
    const silences = await currentSilences(pool, now());
    for (const due of await claimDueAlerts(pool, now(), LEASE_SECONDS, BATCH)) {
      const previous = await raisedBefore(pool, due);
      try {
        assertReadable(due);
        const alert = { ...due, silencedUntil: silencedUntil(due, silences, now()) };
        const channels = { ...alert.delivered.channels };
        deliveryState(alert, channels, settings, previous, now());
        claimed.push({ alert, previous, channels });
      } catch (cause) {
        await this.#setAside(due.id, cause);
      }
    }
    return claimed;
  }

  async #setAside(id: number, cause: unknown): Promise<void> {
    const { pool, log, now } = this.options;
    const error = cause instanceof Error ? cause.message : String(cause);
    log.warn({ alert: id, error }, 'an alert cannot be read and is set aside');
    await setAsideAlert(pool, id, error);
    await raiseAlertAlone(pool, unreadableAlert(id, error), now());
  }

  #remember({ alert, channels }: Claimed): void {
    for (const [channel, delivery] of Object.entries(channels)) {
      if (delivery !== alert.delivered.channels?.[channel]) this.#late.push({ alertId: alert.id, channel, delivery });
    }
  }

  /** Waits for messages that are under way, for a second at most, and writes down what became of them. */
  async close(): Promise<void> {
    await Promise.race([Promise.all(this.#underWay), new Promise((done) => setTimeout(done, PATIENCE_MILLISECONDS))]);
    await this.#recordLate();
  }

  async #recordLate(): Promise<void> {
    const { pool, now } = this.options;
    for (let next = this.#late[0]; next !== undefined; next = this.#late[0]) {
      await recordLateDelivery(pool, next.alertId, next.channel, next.delivery, now());
      this.#late.shift();
    }
  }

  async #deliverTo(lane: Lane, claimed: readonly Claimed[]): Promise<{ sent: number; failed: number }> {
    const { now } = this.options;
    const dues = this.#duesOf(lane, claimed);
    if (dues.length === 0) return { sent: 0, failed: 0 };
    const closed = lane.closed();
    if (closed !== null) {
      this.#postpone(lane, dues, closed.until, closed.error);
      return { sent: 0, failed: 0 };
    }
    let inTime = true;
    const totals = { sent: 0, failed: 0 };
    lane.enter();
    const work = this.#sendAll(lane, dues, totals, ({ claim }, delivery) => {
      if (inTime) claim.channels[lane.name] = delivery;
      else this.#late.push({ alertId: claim.alert.id, channel: lane.name, delivery });
    }).finally(() => {
      lane.leave();
      this.#underWay.delete(work);
    });
    this.#underWay.add(work);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<boolean>((done) => {
      timer = setTimeout(() => done(false), PATIENCE_MILLISECONDS);
    });
    inTime = await Promise.race([work.then(() => true), patience]);
    clearTimeout(timer);
    if (!inTime) {
      const open = dues.filter(({ claim, notice }) => isOpen(claim.channels[lane.name], notice, now()));
      const seconds =
        (this.options.trySeconds ?? TRY_SECONDS) * Math.ceil(dues.length / this.options.settings.groupLimit);
      this.#postpone(
        lane,
        open,
        new Date(now().getTime() + (seconds + SPARE_SECONDS) * 1000),
        'being sent, slowly',
        true,
      );
    }
    return { ...totals };
  }

  #duesOf({ name }: Lane, claimed: readonly Claimed[]): Due[] {
    const { settings, now } = this.options;
    const dues: Due[] = [];
    for (const claim of claimed) {
      if (!routedChannels(claim.alert, settings).includes(name)) continue;
      const due = dueNotice(claim.alert, name, settings, claim.previous, now());
      if (due !== null && 'notice' in due) dues.push({ claim, notice: due.notice });
    }
    return dues.sort(
      (a, b) =>
        severityRank(b.claim.alert.severity) - severityRank(a.claim.alert.severity) ||
        a.claim.alert.id - b.claim.alert.id,
    );
  }

  /** Looked at again then; it counts as no try. */
  #postpone({ name }: Lane, dues: readonly Due[], until: Date, error: string, underWay = false): void {
    for (const { claim } of dues) {
      const told = claim.channels[name] ?? { state: 'waiting', revision: 0, resolved: false, attempts: 0 };
      const words = this.#hideSecrets(error);
      const at = this.options.now().toISOString();
      claim.channels[name] = { ...told, state: 'waiting', nextAt: until.toISOString(), error: words, at, underWay };
    }
  }

  /** Gravest first, in messages of at most `groupLimit` notices. After a failure the channel is left alone for this round. */
  async #sendAll(
    lane: Lane,
    dues: readonly Due[],
    totals: { sent: number; failed: number },
    record: (due: Due, delivery: Delivery) => void,
  ): Promise<void> {
    const { settings, now, random, log } = this.options;
    let fault: string | null = null;
    let notBefore: Date | null = null;
    let turnedDown = 0;
    for (const group of groupsOf(lane.name, dues, settings.groupLimit)) {
      const before = group.map(({ claim }) => claim.channels[lane.name]);
      try {
        if (fault !== null) throw new Error(fault);
        await lane.send(group.map(({ notice }) => notice));
        totals.sent += group.length;
        this.options.rounds?.went(`channel ${lane.name}`);
        group.forEach((due, index) => {
          record(due, afterSuccess(due.notice, before[index], now()));
        });
      } catch (cause) {
        const error: string = this.#hideSecrets(describeFault(cause));
        notBefore ??= cause instanceof Refused ? cause.retryAt(now()) : null;
        totals.failed += group.length;
        if (fault === null) this.options.rounds?.failed(`channel ${lane.name}`, new Error(error));
        const alone = notBefore === null && wasTurnedDown(cause);
        if (fault === null) log.warn({ channel: lane.name, notices: group.length, error }, 'alerts not delivered');
        if (alone) turnedDown += 1;
        if (!alone || turnedDown >= MOST_TURNED_DOWN) fault ??= error;
        group.forEach((due, index) => {
          const failure = afterFailure(due.notice, before[index], error, settings.retry, now(), random(), notBefore);
          record(due, alone ? { ...failure, alone } : failure);
        });
      }
    }
  }
}

/** Messages of at most `limit` notices; one that was turned down before goes by itself, after all others. */
function groupsOf(channel: string, dues: readonly Due[], limit: number): Due[][] {
  const isAlone = ({ claim }: Due) => claim.channels[channel]?.alone === true;
  const together = dues.filter((due) => !isAlone(due));
  const groups: Due[][] = [];
  for (let from = 0; from < together.length; from += limit) groups.push(together.slice(from, from + limit));
  return [...groups, ...dues.filter(isAlone).map((due) => [due])];
}

/** Whether its outcome is still to come. */
function isOpen(told: Delivery | undefined, { alert }: Notice, now: Date): boolean {
  if (told === undefined) return true;
  if (told.state !== 'waiting')
    return told.revision < alert.body.revision || (alert.resolvedAt !== null && !told.resolved);
  return told.nextAt === undefined || new Date(told.nextAt) <= now;
}
