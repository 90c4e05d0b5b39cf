/** Calls a function once, when an element comes within `margin` pixels of the window; returns what calls it off. */
export function whenSeen(element: Element, then: () => void, margin = 200): () => void {
  const seen = new IntersectionObserver(
    ([entry]) => {
      if (!entry?.isIntersecting) return;
      seen.disconnect();
      then();
    },
    { rootMargin: `${margin}px` },
  );
  seen.observe(element);
  return () => seen.disconnect();
}
