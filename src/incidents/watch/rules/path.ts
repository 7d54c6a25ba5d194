import type { CompiledRule } from '../declaration.js';
import { type Finding, named, seenBy, type WatchRule } from '../finding.js';
import { type PeerRoute, standing, withoutPrepends } from '../ownPrefix.js';
import { messagesOf } from '../routeMessage.js';

/** What a path breaks, in words; null where it keeps the rule. */
function broken(hops: readonly number[], path: CompiledRule): string | null {
  const text = hops.join(' ');
  if (path.matching !== null && !path.matching.test(text)) return `does not match "${path.matches}"`;
  if (path.excluding?.test(text)) return `matches "${path.excludes}"`;
  const networks = withoutPrepends(hops).length;
  if (path.minimumLength !== undefined && networks < path.minimumLength) {
    return `has ${networks} networks, fewer than ${path.minimumLength}`;
  }
  if (path.maximumLength !== undefined && networks > path.maximumLength) {
    return `has ${networks} networks, more than ${path.maximumLength}`;
  }
  const prepends = hops.filter((hop) => hop === hops.at(-1)).length - 1;
  if (path.maximumPrepends !== undefined && prepends > path.maximumPrepends) {
    return `repeats its origin ${prepends} times, more than ${path.maximumPrepends}`;
  }
  return null;
}

/** Expressions, lengths and prepending that a path must keep to. */
export const path: WatchRule = (own, { entry, peers }) => {
  if (entry === undefined || entry.rules.length === 0) return [];
  const found = new Map<string, PeerRoute[]>();
  for (const [, route] of standing(own)) {
    if (own.allowed.length > 0 && !route.origins.some((as) => own.allowed.includes(as))) continue;
    for (const rule of entry.rules) {
      const fault = broken(route.hops, rule);
      if (fault === null) continue;
      const words = rule.description === undefined ? fault : `${fault} (${rule.description})`;
      found.set(words, [...(found.get(words) ?? []), route]);
    }
  }
  return [...found].map(
    ([words, routes]): Finding => ({
      kind: 'path',
      network: routes[0]!.origins[0] ?? 0,
      class: 'unknown',
      severity: 'major',
      prefix: own.prefix,
      watched: entry.prefix,
      words: [
        `a path to your ${named(own.prefix, entry)} ${words}, ${seenBy(routes.length, peers)}`,
        `path ${routes[0]!.hops.join(' ')}`,
      ],
      peers: routes.length,
      path: routes[0]!.hops,
      messages: messagesOf(own, routes),
    }),
  );
};
