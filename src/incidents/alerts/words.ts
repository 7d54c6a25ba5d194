import type { Notice } from './alert.js';

const PHASE = {
  raised: '',
  grown: 'grown: ',
  reminder: 'still open: ',
  resolved: 'over: ',
  'no more news': 'no more news: ',
} as const;

/** One line: "[major] hijack on rrc00 (AS64500, 192.0.2.0/24)". */
export function headline({ phase, alert }: Notice): string {
  return `[${alert.severity}] ${PHASE[phase]}${alert.title}`.replace(/[\r\n]+/g, ' ');
}

/** One line for several: the gravest, and how many more. `notices` is not empty. */
export function subject(notices: readonly Notice[]): string {
  const first = headline(notices[0]!);
  return notices.length === 1 ? first : `${first} and ${notices.length - 1} more`;
}

/** The whole text of one notice, as plain lines. */
export function paragraphs(notice: Notice): string[] {
  const { alert } = notice;
  const times = alert.body.times > 1 ? `, ${alert.body.times} times` : '';
  const closed = notice.phase === 'no more news' ? 'no more news, closed' : 'over';
  const end = alert.resolvedAt === null ? '' : `, ${closed} ${alert.resolvedAt.toISOString()}`;
  return [
    headline(notice),
    ...alert.body.lines.map((line) => `  ${line}`),
    ...(notice.link === undefined ? [] : [`  ${notice.link}`]),
    `  ${alert.kind}, raised ${alert.raisedAt.toISOString()}${end}${times} (${alert.fingerprint})`,
  ];
}

/** The same as an object for programs: what the webhook posts and the file holds. */
export function noticeObject({ phase, alert, link }: Notice) {
  const { id, fingerprint, kind, severity, title, body, raisedAt, resolvedAt } = alert;
  return {
    id,
    phase,
    fingerprint,
    kind,
    severity,
    title,
    link: link ?? null,
    lines: body.lines,
    stream: body.stream ?? null,
    class: body.class ?? null,
    watched: body.watched ?? false,
    subject: body.facts?.subject ?? null,
    revision: body.revision,
    facts: body.facts ?? {},
    messages: body.messages ?? [],
    raisedAt: raisedAt.toISOString(),
    resolvedAt: resolvedAt?.toISOString() ?? null,
  };
}
