import { isNeighbourhood, withNetwork } from '../../incidents/subject.js';
import type { ServiceName } from '../../services/catalogue.js';
import type { Feed } from '../api/schema.js';

/** How times, spans and names read on the page. All times are UTC, as in routing archives. */

const MODEL_NAMES: Record<string, string> = {
  ensemble: 'Ensemble',
  heuristic: 'Heuristic rules',
  isolation_forest: 'Isolation forest',
  lstm: 'LSTM autoencoder',
  evidence: 'Route evidence',
  watch: 'Your declaration',
};

export function modelName(kind: string): string {
  return MODEL_NAMES[kind] ?? kind;
}

/** The state of a live feed, in words: "live" only once a message has come. */
export function linkWords({ link, receivedAt, stale }: Pick<Feed, 'link' | 'receivedAt' | 'stale'>): string {
  if (link === null) return receivedAt === null ? 'no collector runs' : stale ? 'stale: no collector runs' : 'live';
  if (!link.connected) return `not connected${link.reason === null ? ', trying' : `: ${link.reason}`}`;
  if (receivedAt === null) return 'connected, no message yet';
  return stale ? 'connected, but silent' : 'live';
}

export function timeOf(at: number): string {
  return new Date(at).toISOString().slice(11, 16);
}

/** "18:47:03", UTC. */
export function secondOf(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

/** "2026-11-23 14:05 UTC" */
export function dateTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** Short, for tables: "23 Nov 14:05" */
export function shortTime(at: number): string {
  const date = new Date(at);
  const month = date.toLocaleString('en', { month: 'short', timeZone: 'UTC' });
  return `${date.getUTCDate()} ${month} ${timeOf(at)}`;
}

/** "45 s", "12 min", "3 h 20 min", "2 d 4 h" */
export function span(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

export function amount(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en');
  if (Number.isInteger(value) && size > 0) return String(value);
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return size >= 0.01 || size === 0 ? value.toFixed(2) : value.toPrecision(2);
}

const SERVICE_NAMES: Record<ServiceName, string> = {
  collector: 'RIS Live collector',
  aggregator: 'Feature aggregator',
  'heuristic-detector': 'Heuristic detector',
  'isolation-forest-detector': 'Isolation forest detector',
  'lstm-detector': 'LSTM detector',
  ensemble: 'Ensemble coordinator',
  correlator: 'Correlation engine',
  'drift-monitor': 'Drift monitor',
  trainer: 'Training worker',
  alerter: 'Alerter',
  dashboard: 'Dashboard',
};

export function serviceName(name: string): string {
  return (SERVICE_NAMES as Record<string, string>)[name] ?? name;
}

/** What a drift check found, in a word or two; its report has the reason. */
const DRIFT_WORDS: Record<string, string> = {
  stable: 'fits',
  watch: 'fits less, watched',
  drifted: 'drifted',
  suppressed: 'not judged now',
  'no baseline': 'no baseline yet',
};
const DRIFT_TONES: Record<string, string> = { drifted: 'warn', watch: 'minor', stable: 'good' };

export function driftWords(outcome: string): string {
  return DRIFT_WORDS[outcome] ?? outcome;
}

export function driftTone(outcome: string): string {
  return DRIFT_TONES[outcome] ?? 'quiet';
}

/** Begins a sentence: what the classes say is written for a list. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Ends one, where it has no end yet. */
export function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

const CLASS_WORDS: Record<string, string> = {
  hijack: 'Prefix hijack',
  moas: 'Several origins (MOAS)',
  leak: 'Route leak',
  outage: 'Outage',
  instability: 'Instability',
  'session reset': 'Session reset',
  unknown: 'Unclassified anomaly',
};

export function className(name: string): string {
  return CLASS_WORDS[name] ?? name;
}

/** "Prefix hijack by AS64666": the class with the network behind it, where there is one. */
export function incidentName(name: string, subject: string): string {
  return withNetwork(className(name), name, subject);
}

/** What a class means, for people who meet the word for the first time. */
export function classMeaning(name: string, subject: string): string {
  if (name === 'unknown' && isNeighbourhood(subject))
    return 'Networks are next to yours in paths where this stream had not seen them before: new providers, peers or customers of yours, other paths to old ones, or leaked or forged routes.';
  switch (name) {
    case 'hijack':
      return 'An AS announces address space that another AS holds; traffic may go to the wrong network.';
    case 'moas':
      return 'More than one AS announces the same prefix; often planned, sometimes a hijack.';
    case 'leak':
      return 'Routes are passed on to neighbours that should not get them; traffic takes a detour.';
    case 'outage':
      return 'Many peers lost their routes to these prefixes; the networks may be unreachable.';
    case 'instability':
      return 'Far more updates than usual, over many prefixes; routing is unsettled.';
    case 'session reset':
      return 'A peer of the collector lost its session; a fault of the view, seldom of the network.';
    default:
      return 'The models agree that these minutes were unusual, but no known pattern fits.';
  }
}

/** What an operator can do about it, and what to press here. */
export function whatToDo(name: string): string {
  switch (name) {
    case 'hijack':
      return 'If the prefixes are yours or those of your customers, announce them more specifically. Call the upstreams of the new origin, which the picture of the paths shows. If it was planned, press "This was ordinary".';
    case 'moas':
      return 'Ask the holder whether the second origin was planned (anycast, a move). If so, press "This was ordinary"; else treat it as a hijack.';
    case 'leak':
      return 'Call the network in the middle of the new links, and its upstreams that accepted the routes. If your own routes go that way, filter that neighbour until it is fixed.';
    case 'outage':
      return 'Check whether you can reach the networks, and ask their upstreams. If it was announced maintenance, keep that in a note.';
    case 'instability':
      return 'Look at who stands out: one network alone is its own trouble, many at once are a common link or exchange. Damping or a call to the noisiest origin helps.';
    case 'session reset':
      return 'Nothing in the networks themselves: look whether the peer of the collector stays up.';
    default:
      return 'Look at the charts: a jump that stays is a lasting change, which the drift monitor learns by itself after a day. Press "This was ordinary" to let the models learn it sooner.';
  }
}
