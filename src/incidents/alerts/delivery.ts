import type { Severity } from '../incident.js';
import { severityRank } from '../severity.js';
import { type Alert, type Delivery, type DeliveryState, isLast, type Notice } from './alert.js';
import { heldUntil } from './quietHours.js';
import type { AlertSettings, RouteSettings } from './settings.js';

function fits(route: RouteSettings, alert: Alert, floor: Severity): boolean {
  const { body } = alert;
  return (
    severityRank(alert.severity) >= severityRank(route.minimumSeverity ?? floor) &&
    (route.kinds === undefined || route.kinds.includes(alert.kind)) &&
    (route.classes === undefined || (body.class !== undefined && route.classes.includes(body.class))) &&
    (route.streams === undefined || (body.stream !== undefined && route.streams.includes(body.stream))) &&
    (route.groups === undefined || route.groups.some((group) => groupsOf(alert).includes(group))) &&
    (!route.watchedOnly || body.watched === true)
  );
}

/** Groups of the operator's prefixes that an alert touches; a line each. */
function groupsOf({ body }: Alert): string[] {
  return String(body.facts?.groups ?? '').split('\n');
}

/**
 * Channels that receive an alert, in the order of the settings. Those that received it get its updates too, even
 * where it has become less grave meanwhile.
 */
export function routedChannels(alert: Alert, settings: AlertSettings): string[] {
  const names = settings.channels.map(({ name }) => name);
  const { routes, minimumSeverity } = settings;
  const routed = routes.filter((route) => fits(route, alert, minimumSeverity)).flatMap(({ channels }) => channels);
  const everybody = routes.length === 0 && severityRank(alert.severity) >= severityRank(minimumSeverity);
  const wanted = new Set(alert.body.history === true ? [] : everybody ? names : routed);
  return names.filter((name) => wanted.has(name) || (alert.delivered.channels?.[name]?.revision ?? 0) > 0);
}

const NEVER: Delivery = { state: 'waiting', revision: 0, resolved: false, attempts: 0 };

/** What one channel should receive of an alert now, or when to look again; null when it has received all. */
export type Due = { notice: Notice } | { at: Date } | null;

/**
 * Decides one channel's next step. `previous` is when the same thing was raised the time before.
 * An alert that ended before it was sent is sent once, as resolved, unless it was held back as a repetition.
 */
export function dueNotice(
  alert: Alert,
  channel: string,
  settings: AlertSettings,
  previous: Date | null,
  now: Date,
): Due {
  const told = alert.delivered.channels?.[channel] ?? NEVER;
  const over = alert.resolvedAt !== null;
  const repeats = isRepetition(alert, previous, settings);
  let phase: Notice['phase'];
  if (over) {
    if (told.resolved) return null;
    const unheard = told.revision === 0;
    if (unheard ? repeats || isSilenced(alert) : !settings.resolved) return null;
    phase = alert.body.facts?.ending === 'no more news' ? 'no more news' : 'resolved';
  } else {
    if (told.revision >= alert.body.revision) return null;
    phase = told.revision === 0 ? 'raised' : alert.body.reminder === alert.body.revision ? 'reminder' : 'grown';
  }
  const waits = [
    told.nextAt === undefined || isAhead(told.at, now) ? null : new Date(told.nextAt),
    heldUntil(alert, settings.quietHours, now),
    // whoever heard of it waits for its end, and a pager keeps it open until then
    over ? null : (alert.silencedUntil ?? null),
  ];
  const urgent = alert.severity === 'critical' || alert.body.watched === true;
  if (!urgent && phase === 'raised' && alert.raisedAt <= now) {
    waits.push(new Date(alert.raisedAt.getTime() + settings.groupSeconds * 1000));
    if (repeats) waits.push(new Date(previous!.getTime() + settings.repeatMinutes * 60_000));
  }
  const at = waits.reduce<Date | null>(
    (latest, time) => (time !== null && (latest === null || time > latest) ? time : latest),
    null,
  );
  return at !== null && at > now ? { at } : { notice: { phase, alert } };
}

/** What was silenced all along and is over is never sent. */
function isSilenced({ silencedUntil }: Alert): boolean {
  return silencedUntil !== undefined && silencedUntil !== null;
}

/** Whether the clock has been set back since. */
function isAhead(time: string | undefined, now: Date): boolean {
  return time !== undefined && new Date(time) > now;
}

function isRepetition(alert: Alert, previous: Date | null, settings: AlertSettings): boolean {
  if (previous === null || alert.body.once === true || previous > alert.raisedAt) return false;
  return alert.raisedAt.getTime() - previous.getTime() < settings.repeatMinutes * 60_000;
}

/** Wait before try number `attempts` + 1, doubled each time, with up to a fifth of jitter. `random` in 0..1. */
export function backoffSeconds(attempts: number, retry: AlertSettings['retry'], random: number): number {
  const wait = Math.min(retry.longestSeconds, retry.firstSeconds * 2 ** (attempts - 1));
  return wait * (1 + 0.2 * random);
}

/** After a notice went out. */
export function afterSuccess(notice: Notice, told: Delivery | undefined, now: Date): Delivery {
  return {
    state: 'sent',
    revision: notice.alert.body.revision,
    resolved: isLast(notice) || (told?.resolved ?? false),
    attempts: 0,
    at: now.toISOString(),
  };
}

/** After a try failed: waits, or gives this notice up when it was the last. `notBefore` is what the receiver asked for. */
export function afterFailure(
  notice: Notice,
  told: Delivery | undefined,
  error: string,
  retry: AlertSettings['retry'],
  now: Date,
  random: number,
  notBefore: Date | null = null,
): Delivery {
  const before = told ?? NEVER;
  const attempts = before.attempts + 1;
  if (attempts >= retry.attempts) {
    return {
      state: 'gave up',
      revision: notice.alert.body.revision,
      resolved: isLast(notice),
      attempts: 0,
      at: now.toISOString(),
      error: `given up after ${attempts} tries: ${error}`,
    };
  }
  const wait = now.getTime() + backoffSeconds(attempts, retry, random) * 1000;
  const nextAt = new Date(Math.max(wait, notBefore?.getTime() ?? 0)).toISOString();
  return { ...before, state: 'waiting', attempts, nextAt, error, at: now.toISOString(), underWay: false };
}

/** Whether all channels have heard all, and else when the first is to be looked at again. */
export function deliveryState(
  alert: Alert,
  channels: Record<string, Delivery>,
  settings: AlertSettings,
  previous: Date | null,
  now: Date,
): DeliveryState {
  const known = { ...alert, delivered: { ...alert.delivered, channels } };
  const dues = routedChannels(alert, settings).map((name) => dueNotice(known, name, settings, previous, now));
  const waiting = dues.filter((due) => due !== null);
  if (waiting.length === 0) return { done: true, channels };
  const times = waiting.map((due) => ('at' in due ? due.at.getTime() : now.getTime()));
  return { done: false, dueAt: new Date(Math.min(...times)).toISOString(), channels };
}
