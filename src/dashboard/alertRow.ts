import type { Alert } from '../incidents/alerts/alert.js';
import type { AlertRow } from './api/schema.js';

/** An alert as programs that ask for it see it. */
export function alertRow({ id, fingerprint, kind, severity, title, body, ...alert }: Alert): AlertRow {
  return {
    id,
    fingerprint,
    kind,
    severity,
    title,
    lines: body.lines,
    stream: body.stream ?? null,
    class: body.class ?? null,
    watched: body.watched ?? false,
    history: body.history ?? false,
    raisedAt: alert.raisedAt.getTime(),
    resolvedAt: alert.resolvedAt?.getTime() ?? null,
    channels: Object.fromEntries(
      Object.entries(alert.delivered.channels ?? {}).map(([name, { state }]) => [name, state]),
    ),
  };
}
