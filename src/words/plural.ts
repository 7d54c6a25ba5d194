/** "1 route", "2,000 routes", "3 prefixes": a count with its noun. */
export function plural(count: number, noun: string): string {
  const many = noun.endsWith('x') ? `${noun}es` : `${noun}s`;
  return `${count.toLocaleString('en')} ${count === 1 ? noun : many}`;
}
