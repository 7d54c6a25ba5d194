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
];

function nameAll() {
  for (const [selector, name] of NAMES) {
    for (const button of document.querySelectorAll(`${selector}:not([aria-label])`)) {
      if (button.textContent.trim() === '' || button.querySelector('svg[role=img]')) button.ariaLabel = name;
    }
  }
  for (const picture of document.querySelectorAll('button > svg[role=img]')) picture.ariaHidden = 'true';
  // A name must hold the words that are seen: the number of workers.
  for (const badge of document.querySelectorAll('button[class^=workersBadge][aria-label]')) {
    const seen = badge.textContent.trim();
    if (!badge.ariaLabel.includes(seen)) badge.ariaLabel = `${seen}: ${badge.ariaLabel}`;
  }
}

new MutationObserver(nameAll).observe(document.documentElement, { childList: true, subtree: true });
nameAll();
