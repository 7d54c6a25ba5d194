/** What is shown in place of a secret. */
export const HIDDEN = '(hidden)';

const SECRET_NAME = /token|password|secret|authorization|api-?key|routing-?key|credential/i;
/** Objects whose every value may be a secret, such as HTTP headers. */
const SECRET_VALUES = /^headers$/i;
const WHOLE_URL = /^[a-z][a-z0-9+.-]*:\/\//i;

/** A part of a value that must not be seen, with what is shown for the whole value. */
interface Finding {
  shown: unknown;
  secrets: string[];
}

/** Password and secret-looking parameters of an address; of a channel's address all after the host, which is its key. */
function inAddress(text: string, wholePath: boolean): Finding {
  if (!WHOLE_URL.test(text) || !URL.canParse(text)) return { shown: text, secrets: [] };
  const url = new URL(text);
  const secrets: string[] = [];
  if (url.password !== '') {
    secrets.push(url.password, decodeURIComponent(url.password));
    url.password = 'hidden';
  }
  if (wholePath) {
    const rest = `${url.pathname}${url.search}`;
    if (rest === '/' || rest === '') return { shown: text, secrets };
    return { shown: `${url.protocol}//${url.host}/${HIDDEN}`, secrets: [...secrets, text, rest] };
  }
  for (const [name, value] of [...url.searchParams]) {
    if (!SECRET_NAME.test(name)) continue;
    secrets.push(value);
    url.searchParams.set(name, 'hidden');
  }
  return { shown: secrets.length === 0 ? text : url.href, secrets };
}

function walk(value: unknown, path: readonly string[]): Finding {
  const name = path.at(-1) ?? '';
  if (value === null || value === undefined) return { shown: value, secrets: [] };
  const secret = SECRET_NAME.test(name) || SECRET_VALUES.test(path.at(-2) ?? '');
  if (secret && typeof value !== 'object') return { shown: HIDDEN, secrets: [String(value)] };
  if (typeof value === 'string') return inAddress(value, path.includes('channels') || path.includes('heartbeat'));
  if (typeof value !== 'object') return { shown: value, secrets: [] };
  const entries = Object.entries(value).map(([key, part]) => [key, walk(part, [...path, key])] as const);
  const secrets = entries.flatMap(([, part]) => part.secrets);
  const shown = Array.isArray(value)
    ? entries.map(([, part]) => part.shown)
    : Object.fromEntries(entries.map(([key, part]) => [key, part.shown]));
  return { shown, secrets };
}

/**
 * A copy of a setting for people to see: tokens, passwords, signing secrets, headers and the addresses of alert
 * channels (whoever knows a chat's hook can write to it) are hidden.
 * @param path dotted place of the value in the settings; empty for all of them
 */
export function redacted(value: unknown, path = ''): unknown {
  return walk(value, path === '' ? [] : path.split('.')).shown;
}

/** How a secret comes back in others' words: in an address, and as a server that repeats AUTH or Basic shows it. */
function spellings(secret: string): string[] {
  // Base64 of a text that ends in the secret: its last whole letters are the same whatever comes before, by where it begins.
  const endings = [0, 1, 2].map((before) =>
    Buffer.from(`${'x'.repeat(before)}${secret}`)
      .toString('base64')
      .slice(before === 0 ? 0 : 4)
      .replace(/=+$/, ''),
  );
  return [encodeURIComponent(secret), ...endings];
}

/** A function that hides the secrets of these settings wherever they occur in a text, such as an error's message. */
export function secretHider(value: unknown, path = ''): (text: string) => string {
  const { secrets } = walk(value, path === '' ? [] : path.split('.'));
  // The longest first, so that a secret within another leaves nothing behind; very short ones would hide words.
  const sorted = [...new Set(secrets.flatMap((secret) => [secret, ...spellings(secret)]))]
    .filter(({ length }) => length >= 4)
    .sort((a, b) => b.length - a.length);
  return (text) => sorted.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text);
}
