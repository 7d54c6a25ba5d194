import type { ComponentChildren } from 'preact';

/** What to show when something went wrong: the server's words, which say what to do. */
export function Problem({ words }: { words: string }) {
  return (
    <p class="problem" role="alert">
      {words}
    </p>
  );
}

/** A page of one thing that cannot be shown, with the way to its list. */
export function Missing(props: { title: string; words: string; list: string; to: string }) {
  return (
    <section class="card lead">
      <h1>{props.title}</h1>
      <Problem words={props.words} />
      <p>
        <a class="take-away" href={props.to}>
          {props.list}
        </a>
      </p>
    </section>
  );
}

/** What to show where there is nothing yet: why, and what to do. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

export function Loading() {
  return (
    <p class="empty" aria-busy="true">
      Loading…
    </p>
  );
}

/** A word in a coloured frame; the word says it, the colour only helps. */
export function Badge({ tone, children }: { tone: string; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

export function Meter({ fraction, label }: { fraction: number; label: string }) {
  return (
    <progress value={Math.min(1, Math.max(0, fraction))} max={1} aria-label={label}>
      {Math.round(fraction * 100)} %
    </progress>
  );
}
