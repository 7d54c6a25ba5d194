import { createHash } from 'node:crypto';
import type { Minute } from '../features/row.js';
import type { NoRoom } from '../storage/trainingSlots.js';
import type { RetrainPayload } from './payload.js';
import type { RetrainingSettings } from './settings.js';

export type Admission = { admit: true; delayMilliseconds: number; priority: number } | { admit: false; reason: string };

/** BullMQ's priorities: the lower the sooner. A person does not wait behind a storm. */
const PRIORITY = { manual: 1, first: 5, drift: 10, growth: 10 } as const;
/** Event minutes after which a refused first version is trained again: sooner, the same minutes give the same answer. */
const FIRST_AGAIN_MINUTES = 60;

/**
 * Whether a retrain may be enqueued now, how long it is delayed and with which priority. Cool-down, jitter and the
 * wait for a shadow hold for drift and the growth of a regime alone; a dead letter stops all but a person. A version that
 * does not fit the traffic at all waits only until there are as many new minutes as a change needs, and so does one
 * whose challenger was refused once: two refusals in a row cool down in full. A model that serves no version yet is
 * trained again an hour after a refusal.
 */
export function admit(
  payload: RetrainPayload,
  state: {
    now: Minute;
    lastFinished: Minute | null;
    /** That one was refused, and the one before it was not. */
    isFirstRefusal?: boolean;
    dead: boolean;
    shadow: number | null;
    /** Minute at which a person last declined one. */
    lastDeclined?: Minute | null;
    /** A person, or the default on expiry, has approved it. */
    approved?: boolean;
  },
  settings: RetrainingSettings,
): Admission {
  const { kind } = payload.trigger;
  if (state.dead && kind !== 'manual') {
    return { admit: false, reason: `${payload.modelKey} failed too often and waits for a person to clear it` };
  }
  const isAutomatic = (kind === 'drift' || kind === 'growth') && state.approved !== true;
  const runsAway = payload.trigger.kind === 'drift' && payload.trigger.runaway === true;
  const isShort = runsAway || state.isFirstRefusal === true;
  const coolDown = isShort ? Math.min(settings.regimeMinutes, settings.coolDownMinutes) : settings.coolDownMinutes;
  if (isAutomatic && state.shadow !== null) {
    return { admit: false, reason: `version ${state.shadow} scores beside the champion and may take over` };
  }
  if (isAutomatic && state.lastFinished !== null && state.now < state.lastFinished + coolDown) {
    return {
      admit: false,
      reason: `cool-down for ${state.lastFinished + coolDown - state.now} more minutes`,
    };
  }
  if (kind === 'first' && state.lastFinished !== null && state.now < state.lastFinished + FIRST_AGAIN_MINUTES) {
    const left = state.lastFinished + FIRST_AGAIN_MINUTES - state.now;
    return { admit: false, reason: `its first version was refused: trained again in ${left} minutes` };
  }
  const { lastDeclined = null } = state;
  if (
    kind !== 'manual' &&
    state.approved !== true &&
    lastDeclined !== null &&
    state.now < lastDeclined + settings.coolDownMinutes
  )
    return {
      admit: false,
      reason: `declined: asked for again in ${lastDeclined + settings.coolDownMinutes - state.now} minutes`,
    };
  return {
    admit: true,
    delayMilliseconds: isAutomatic ? jitter(payload.modelKey, state.now, settings.jitterSeconds * 1000) : 0,
    priority: PRIORITY[kind],
  };
}

/** Spreads models evenly over `milliseconds`; the same model and hour give the same delay. */
export function jitter(modelKey: string, now: Minute, milliseconds: number): number {
  const hash = createHash('sha256').update(`${modelKey} ${now}`).digest().readUInt32LE();
  return Math.floor((hash / 2 ** 32) * milliseconds);
}

/** Why one more training of `kind` may not start beside those that run; null when it may. */
export function noRoom(
  kind: string,
  running: readonly { kind: string }[],
  settings: RetrainingSettings,
): NoRoom | null {
  if (running.length >= settings.concurrency)
    return { why: `${running.length} trainings run, of ${settings.concurrency} at once in all`, forAll: true };
  const alike = running.filter((other) => other.kind === kind).length;
  const limit = new Map<string, number>(Object.entries(settings.concurrencyByKind)).get(kind) ?? settings.concurrency;
  return alike >= limit ? { why: `${alike} trainings of kind ${kind} run, of ${limit} at once`, forAll: false } : null;
}
