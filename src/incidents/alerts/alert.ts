import type { IncidentClass, RouteMessage, Severity } from '../incident.js';

export const ALERT_KINDS = [
  'incident opened',
  'incident grown',
  'incident closed',
  'feed stale',
  'service down',
  'stage behind',
  'work failing',
  'roa',
  'drift',
  'retrain rejected',
  'retrain failing',
  'model stuck',
  'rollback',
  'test',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** What a part of the system wants operators to know. */
export interface AlertRequest {
  /** What the alert is about, such as `feed stale/rrc00`: raised again while open, it is the same alert. */
  fingerprint: string;
  kind: AlertKind;
  severity: Severity;
  title: string;
  /** In words, weightiest first. */
  lines: string[];
  /** Send it again although it is open: it has grown. A higher severity is always sent again. */
  grown?: boolean;
  stream?: string;
  class?: IncidentClass;
  /** Touches the operator's own networks: sent at once, quiet hours or not. */
  watched?: boolean;
  /** Numbers and names for programs that read the alert. */
  facts?: Record<string, string | number | boolean | null>;
  /** The first BGP messages that led to it. */
  messages?: RouteMessage[];
  /** An event rather than a state, such as a rollback: sent once and never resolved. */
  once?: boolean;
  /** Of replayed or backfilled minutes: listed, without a notice. */
  history?: boolean;
}

export interface AlertBody {
  lines: string[];
  /** 1 when raised, and one more each time it grew. */
  revision: number;
  /** How often it was raised while open. */
  times: number;
  stream?: string;
  class?: IncidentClass;
  watched?: boolean;
  facts?: AlertRequest['facts'];
  messages?: RouteMessage[];
  once?: boolean;
  history?: boolean;
  /** The newest revision that is not news: it is still open, and nobody has said that he looks after it. */
  reminder?: number;
}

/** What one channel has received. */
export interface Delivery {
  state: 'sent' | 'waiting' | 'gave up' | 'not routed';
  /** The newest revision that was sent; 0 when none. */
  revision: number;
  /** Whether the end was sent. */
  resolved: boolean;
  /** Failed tries of the notice that is due. */
  attempts: number;
  /** ISO times. */
  at?: string;
  nextAt?: string;
  error?: string;
  /** The receiver was there and would not have it: it goes by itself from then on, so that it spoils no other. */
  alone?: boolean;
  /** An outbox is sending it, slowly; `nextAt` is for the case that it dies without a successor. */
  underWay?: boolean;
}

/** Column `alerts.delivered`: ISO times sort as text. */
export interface DeliveryState {
  done?: boolean;
  /** Nothing is to be done before. */
  dueAt?: string;
  /** When the other times were written. In the future, the clock was set back since, and they mean nothing. */
  asOf?: string;
  /** An outbox that took it and died gives it up then. */
  claimedUntil?: string;
  channels?: Record<string, Delivery>;
  /** Why it was set aside: it cannot be read. */
  error?: string;
}

export interface Alert {
  id: number;
  fingerprint: string;
  kind: AlertKind;
  severity: Severity;
  title: string;
  body: AlertBody;
  raisedAt: Date;
  resolvedAt: Date | null;
  delivered: DeliveryState;
  /** When the silences that cover it now end; absent when none does. */
  silencedUntil?: Date | null;
}

/** One message's worth of an alert for one channel. */
export interface Notice {
  /** `no more news`: closed by silence while its routes may stand, which is not an all-clear. */
  phase: 'raised' | 'grown' | 'reminder' | 'resolved' | 'no more news';
  alert: Alert;
  /** Address of the page that shows it. */
  link?: string;
}

/** Whether it is the last that a channel hears of an alert. */
export function isLast({ phase }: Notice): boolean {
  return phase === 'resolved' || phase === 'no more news';
}

/** The same for the same notice, so that a receiver can drop what it was sent twice. */
export function noticeKey({ phase, alert }: Notice): string {
  // A receiver that drops what it had would drop the second test.
  const id = alert.kind === 'test' ? `test-${alert.raisedAt.getTime()}` : alert.id;
  return `routewarden-${id}-${alert.body.revision}-${phase.replaceAll(' ', '-')}`;
}

/** @throws Error when the row of an alert lacks what every notice needs: without a revision it would go out for ever */
export function assertReadable({ body }: Alert): void {
  if (!Number.isInteger(body?.revision) || !Array.isArray(body.lines)) throw new Error('its body is damaged');
}

/** What is raised instead of an alert whose row cannot be read. */
export function unreadableAlert(id: number, error: string): AlertRequest {
  return {
    fingerprint: `unreadable alert ${id}`,
    kind: 'work failing',
    severity: 'major',
    title: `alert ${id} cannot be read, and reaches nobody`,
    lines: [
      error.slice(0, 300),
      `what to do: look at its row, which is damaged: select * from alerts where id = ${id}`,
    ],
    once: true,
  };
}
