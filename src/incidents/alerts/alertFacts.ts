import type { Alert } from './alert.js';

/** What every outside view of an alert says of it; each adds its times and deliveries in its own form. */
export function alertFacts({ id, fingerprint, kind, severity, title, body }: Alert) {
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
  };
}
