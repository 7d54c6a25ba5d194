import type { Pool } from 'pg';
import { appendAudit } from '../storage/audit.js';
import {
  acknowledge,
  addComment,
  assignIncident,
  incidentIsOrdinary,
  noteIncident,
  unacknowledge,
} from '../storage/incidentMarks.js';
import { inTransaction } from '../storage/pool.js';
import { act, type By } from './act.js';
import { LONGEST_NAME, LONGEST_TEXT } from './limits.js';
import { ActRefused } from './refusal.js';

/** What a person can say about an incident. Each throws ActRefused (missing) for an unknown incident. */
export interface IncidentActs {
  acknowledge(incidentId: number, by: By): Promise<void>;
  /** Takes an acknowledgement back. */
  unacknowledge(incidentId: number, by: By): Promise<void>;
  /** An empty text takes the note away. */
  note(incidentId: number, text: string, by: By): Promise<void>;
  /** Adds to the thread of an incident. */
  comment(incidentId: number, text: string, by: By): Promise<void>;
  /** Says who looks after it; null gives it back to everybody. */
  assign(incidentId: number, to: string | null, by: By): Promise<void>;
  /** "This was ordinary": its minutes are given to training again. */
  ordinary(incidentId: number, ordinary: boolean, by: By): Promise<void>;
}

export function incidentActs(pool: Pool): IncidentActs {
  const on = (
    id: number,
    name: string,
    by: By,
    detail: Record<string, unknown>,
    change: Parameters<typeof inTransaction<boolean>>[1],
  ) => {
    const target = `incident ${id}`;
    return act(pool, by, { name, target, detail }, () =>
      inTransaction(pool, async (client) => {
        if (!(await change(client))) throw new ActRefused(`There is no incident ${id}.`, 'missing');
        await appendAudit(client, { actor: by.actor, action: name, target, detail });
      }),
    );
  };
  const bounded = (what: string, text: string, most: number) => {
    if (text.length > most) throw new ActRefused(`${what} has at most ${most} letters; this has ${text.length}.`);
  };
  return {
    acknowledge: (id, by) => on(id, 'acknowledge', by, {}, (client) => acknowledge(client, id, by.actor)),
    unacknowledge: (id, by) => on(id, 'unacknowledge', by, {}, (client) => unacknowledge(client, id)),
    note: (id, text, by) =>
      on(id, 'note', by, { text: text.slice(0, LONGEST_TEXT) }, (client) => {
        bounded('A note', text, LONGEST_TEXT);
        return noteIncident(client, id, text);
      }),
    comment: (id, text, by) =>
      on(id, 'comment', by, { text: text.slice(0, LONGEST_TEXT) }, (client) => {
        bounded('A comment', text, LONGEST_TEXT);
        if (text.trim() === '') throw new ActRefused('A comment needs some words.');
        return addComment(client, id, by.actor, text);
      }),
    assign: (id, to, by) =>
      on(id, 'assign', by, { to: to?.slice(0, LONGEST_NAME) ?? 'nobody' }, (client) => {
        bounded('A name', to ?? '', LONGEST_NAME);
        return assignIncident(client, id, to);
      }),
    ordinary: (id, ordinary, by) =>
      on(id, 'ordinary', by, { ordinary }, (client) => incidentIsOrdinary(client, id, ordinary)),
  };
}
