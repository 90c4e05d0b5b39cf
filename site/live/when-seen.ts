/** Calls a function once, when an element comes near the window; returns what calls it off. */
export function whenSeen(element: Element, then: () => void): () => void {
  const seen = new IntersectionObserver(
    ([entry]) => {
      if (!entry?.isIntersecting) return;
      seen.disconnect();
      then();
    },
    { rootMargin: "200px" },
  );
  seen.observe(element);
  return () => seen.disconnect();
}
