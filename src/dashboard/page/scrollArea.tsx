import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** What may be wider than the window scrolls by itself; the keyboard reaches it only when there is something to scroll. */
export function ScrollArea(props: { label: string; children: ComponentChildren; fromEnd?: boolean }) {
  const { label, children, fromEnd = false } = props;
  const area = useRef<HTMLElement>(null);
  useEffect(() => {
    const element = area.current;
    if (element === null) return undefined;
    const update = () => {
      if (element.scrollWidth > element.clientWidth) element.tabIndex = 0;
      else element.removeAttribute('tabindex');
    };
    update();
    if (fromEnd) element.scrollLeft = element.scrollWidth;
    const size = new ResizeObserver(update);
    size.observe(element);
    return () => size.disconnect();
  }, [fromEnd]);
  return (
    <section class="scroll" aria-label={label} ref={area}>
      {children}
    </section>
  );
}
