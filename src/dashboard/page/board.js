/**
 * Bull Board gives some of its buttons a picture alone. This names them for who cannot see it; names that it has stay.
 * @type {readonly (readonly [selector: string, name: string])[]}
 */
const NAMES = [
  ['button:has(> svg[role=img])', 'Details of the store'],
  ['button:has(> .lucide-maximize)', 'Full screen'],
  ['button:has(> .lucide-minimize)', 'Leave full screen'],
  ['button:has(> .lucide-settings)', 'Settings'],
  ['button[aria-haspopup=menu]', 'Menu'],
  ['button:has(> .lucide-refresh-cw)', 'Retry'],
  ['button:has(> .lucide-files)', 'Duplicate'],
  ['button:has(> .lucide-pencil)', 'Change the data'],
  ['button:has(> .lucide-trash-2)', 'Remove'],
  ['[role=progressbar]', 'Progress'],
];
/** What other buttons show, by the name of their picture: `lucide lucide-copy` reads "copy". */
const picture = (button) => /lucide-([a-z-]+)/.exec(button.querySelector('svg')?.getAttribute('class'))?.[1];

function nameAll() {
  for (const [selector, name] of NAMES) {
    for (const button of document.querySelectorAll(`${selector}:not([aria-label])`)) {
      const wordless = button.textContent.trim() === '' || button.querySelector('svg[role=img]');
      if (wordless || button.role === 'progressbar') button.ariaLabel = name;
    }
  }
  for (const button of document.querySelectorAll('button:not([aria-label]):not([aria-labelledby])')) {
    const shown = picture(button);
    if (shown && button.textContent.trim() === '') button.ariaLabel = shown.replaceAll('-', ' ');
  }
  for (const image of document.querySelectorAll('button > svg[role=img]')) image.ariaHidden = 'true';
  // A name must hold the words that are seen: the number of workers.
  for (const badge of document.querySelectorAll('button[class^=workersBadge][aria-label]')) {
    const seen = badge.textContent.trim();
    if (!badge.ariaLabel.includes(seen)) badge.ariaLabel = `${seen}: ${badge.ariaLabel}`;
  }
}

new MutationObserver(nameAll).observe(document.documentElement, { childList: true, subtree: true });
nameAll();
