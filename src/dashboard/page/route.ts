import { useEffect, useState } from 'preact/hooks';

const listeners = new Set<() => void>();

/** Goes to a path of the page without loading it anew. */
export function go(path: string): void {
  history.pushState(null, '', path);
  scrollTo(0, 0);
  for (const listener of listeners) listener();
}

/** Puts another address in the place of this one, where the page stays: the back button goes over it. */
export function replace(path: string): void {
  if (path === location.pathname + location.search) return;
  history.replaceState(null, '', path);
  for (const listener of listeners) listener();
}

/** A part of a path as it is meant; one that cannot be read stays as it came. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The present path with its query; changes with `go`, links and the back button. */
export function usePath(): URL {
  const [href, setHref] = useState(location.href);
  useEffect(() => {
    const update = () => setHref(location.href);
    listeners.add(update);
    addEventListener('popstate', update);
    return () => {
      listeners.delete(update);
      removeEventListener('popstate', update);
    };
  }, []);
  return new URL(href);
}

/** Lets ordinary links to our own paths work without a load; others, and clicks that open tabs, stay the browser's. */
export function followLinks(): void {
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link === null || link.target !== '' || link.origin !== location.origin) return;
    if (!/^\/($|incidents|networks|models|audit)/.test(link.pathname) || link.hash !== '') return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
