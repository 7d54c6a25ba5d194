import type { RisSubscription } from '../sources/risSubscription.js';
import { addressBytes } from './bgpUpdate.js';
import type { SimulatedMessage } from './message.js';
import type { RouteTable } from './routeTable.js';

/** Decides which messages a RIS Live subscription wants. */
export class SubscriptionFilter {
  /** Known answers by prefix index: 0 not asked yet, 1 wanted, 2 not. */
  readonly #prefixAnswers: Uint8Array;
  readonly #prefixes: { bits: string; family: 4 | 6 }[];
  readonly #paths: RegExp[];

  /** @throws RangeError when a prefix or a path of the subscription makes no sense */
  constructor(
    readonly subscription: RisSubscription,
    readonly table: RouteTable,
    readonly host: string,
  ) {
    this.#prefixAnswers = new Uint8Array(table.prefixes.length);
    this.#prefixes = listOf(subscription.prefix).map((text) => prefixBits(String(text)));
    this.#paths = listOf(subscription.path).map(pathPattern);
  }

  wants(message: SimulatedMessage): boolean {
    const { host, type, require: key, peer } = this.subscription;
    const isState = message.kind === 'connected' || message.kind === 'down';
    if (host !== undefined && host.toLowerCase().replace('.ripe.net', '') !== this.host.replace('.ripe.net', ''))
      return false;
    if (type !== undefined && type !== (isState ? 'RIS_PEER_STATE' : 'UPDATE')) return false;
    if (peer !== undefined && peer !== this.table.sessions[message.session]!.address) return false;
    if (key !== undefined && !hasKey(message, key)) return false;
    if (this.#paths.length > 0) {
      if (message.kind !== 'announce') return false;
      const text = `,${this.table.paths.path(message.path).join(',')},`;
      if (!this.#paths.some((pattern) => pattern.test(text))) return false;
    }
    return this.#prefixes.length === 0 || message.prefixes.some((prefix) => this.#wantsPrefix(prefix));
  }

  #wantsPrefix(index: number): boolean {
    if (this.#prefixAnswers[index] === 0) {
      const { text, family } = this.table.prefixes[index]!;
      const { bits } = prefixBits(text);
      const { moreSpecific = true, lessSpecific = false } = this.subscription;
      const wanted = this.#prefixes.some(
        (asked) =>
          asked.family === family &&
          (bits === asked.bits ||
            (moreSpecific && bits.startsWith(asked.bits)) ||
            (lessSpecific && asked.bits.startsWith(bits))),
      );
      this.#prefixAnswers[index] = wanted ? 1 : 2;
    }
    return this.#prefixAnswers[index] === 1;
  }
}

function listOf<T>(value: T | T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

const KEYS: Record<SimulatedMessage['kind'], string[]> = {
  announce: ['announcements', 'path', 'community', 'origin'],
  withdraw: ['withdrawals'],
  connected: ['state'],
  down: ['state'],
};

function hasKey(message: SimulatedMessage, key: string): boolean {
  return KEYS[message.kind].includes(key);
}

/** The prefix's leading bits as text of 0 and 1, so that "contains" is "starts with". */
function prefixBits(text: string): { bits: string; family: 4 | 6 } {
  const [address = '', length = ''] = text.split('/');
  const family = address.includes(':') ? 6 : 4;
  const looksRight = family === 6 ? /^[0-9a-f:]+$/i.test(address) : /^(\d{1,3}\.){3}\d{1,3}$/.test(address);
  const size = Number(length);
  if (!looksRight || !/^\d{1,3}$/.test(length) || size > (family === 6 ? 128 : 32)) {
    throw new RangeError(`"${text}" is not a prefix`);
  }
  const bits = [...addressBytes(address)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return { bits: bits.slice(0, size), family };
}

function pathPattern(path: string | number): RegExp {
  const match = /^(\^?)(\d+(?:,\d+)*)(\$?)$/.exec(String(path));
  if (match === null)
    throw new RangeError(`"${path}" is not an AS path filter; expected such as 65001,65002 with ^ and $`);
  return new RegExp(`${match[1]},${match[2]},${match[3]}`);
}
