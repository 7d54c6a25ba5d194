import type { Alert } from '../incidents/alerts/alert.js';
import { alertFacts } from '../incidents/alerts/alertFacts.js';
import type { AlertRow } from './api/schema.js';

/** An alert as programs that ask for it see it. */
export function alertRow(alert: Alert): AlertRow {
  return {
    ...alertFacts(alert),
    raisedAt: alert.raisedAt.getTime(),
    resolvedAt: alert.resolvedAt?.getTime() ?? null,
    channels: Object.fromEntries(
      Object.entries(alert.delivered.channels ?? {}).map(([name, { state }]) => [name, state]),
    ),
  };
}
