/** The colours of shades from −1 to 1: blue below zero, orange above, the stronger the fuller; the same in text, strip and legend. */

/** Shades of one sign that look different. */
const STEPS = 10;

/** The full colour's share behind text, which keeps the text's contrast in both themes. */
const MOST = 45;

const mixed = (name: string, step: number) =>
  `color-mix(in srgb, var(--${name}) ${Math.round((MOST * step) / STEPS)}%, transparent)`;

const BELOW = Array.from({ length: STEPS + 1 }, (_, step) => mixed("heat-low", step));
const ABOVE = Array.from({ length: STEPS + 1 }, (_, step) => mixed("heat-high", step));

/** The background of a character. */
export function background(shade: number): string {
  if (Number.isNaN(shade)) return "transparent";
  const step = Math.round(STEPS * Math.min(1, Math.abs(shade)));
  return (shade < 0 ? BELOW : ABOVE)[step]!;
}
