import type { AuditRow } from '../storage/audit.js';

/** An act as the page lists it. */
export function auditRow(row: AuditRow) {
  return { ...row, at: row.at.getTime(), detail: detailWords(row.detail) };
}

/** "version 3, reason too many false alarms": whole numbers, words and yes or no; longer things stay in the table. */
function detailWords(detail: unknown): string {
  if (detail === null || typeof detail !== 'object' || Array.isArray(detail)) return '';
  return Object.entries(detail)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([name, value]) => `${name} ${String(value).slice(0, 200)}`)
    .join(', ');
}
