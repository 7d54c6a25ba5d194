import { SETTINGS, type Setting } from './settings.js';
import { commands, type Found, listed } from './typed.js';

/** Every documented command once, with the places that write it. */
function documented(): { line: string; words: string[]; where: string }[] {
  const found = new Map<string, { words: string[]; places: string[] }>();
  const single = ({ where, words }: Found): Found[] => {
    const choice = words.findIndex((word) => /^[a-z]+(\|[a-z]+)+$/.test(word));
    if (choice < 0) return [{ where, words }];
    return words[choice]!.split('|').map((word) => ({ where, words: words.with(choice, word) }));
  };
  for (const { where, words } of [...commands, ...listed].flatMap(single)) {
    const whole = words
      .map((word) => (word === '...' ? 'why' : word.replace(/^\[|\]$/g, '').replace(/\.\.\.\]?$/, '')))
      .filter((word) => word !== '');
    const line = whole.join(' ');
    found.set(line, { words: whole, places: [...(found.get(line)?.places ?? []), where] });
  }
  return [...found].map(([line, { words, places }]) => ({ line, words, where: places.join(', ') }));
}

/** What is typed for a documented command. */
export function wordsOf(
  given: readonly string[],
  { placeholders = {}, also = [] }: Pick<Setting, 'placeholders' | 'also'>,
) {
  return [...given.map((word) => placeholders[word] ?? word), ...also];
}

export const all = documented().map((one) => ({ ...one, setting: SETTINGS.find(({ line }) => line.test(one.line)) }));
/** Those of a setting in its order; of those that come to the very same words, one. */
export function inOrder(when: Setting['when']): typeof all {
  const typed = new Set<string>();
  return SETTINGS.filter((setting) => setting.when === when)
    .flatMap((setting) => all.filter((one) => one.setting === setting))
    .filter(({ words, setting }) => {
      const line = wordsOf(words, setting!).join(' ');
      return !typed.has(line) && typed.add(line);
    });
}
