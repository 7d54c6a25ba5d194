const LONGEST_TEXT = 1_000;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** Makes letters seen that would move a terminal's cursor, end a line or turn its direction. */
export function printableText(text: string, longest = LONGEST_TEXT): string {
  const cut = text.length > longest ? `${text.slice(0, longest)} (${text.length} letters)` : text;
  return cut.replace(CONTROL, (letter) =>
    letter === '\n' ? '\\n' : `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The same for what has lines of its own, as long as they are. */
export function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => printableText(line, Number.POSITIVE_INFINITY))
    .join('\n');
}
