/** Formats numbers for display. */

const COUNT = new Intl.NumberFormat("en-US");

/** 12,345 */
export function count(value: number): string {
  return COUNT.format(value);
}

/** 512 B, 13.6 kB, 1.2 MB: decimal, as everywhere in this library. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  const [unit, size] = value < 1e6 ? ["kB", 1e3] : value < 1e9 ? ["MB", 1e6] : (["GB", 1e9] as const);
  return `${(value / Number(size)).toFixed(1)} ${unit}`;
}

/** A number with at most three digits: 1, −0.5, 3.41. */
export function brief(value: number): string {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

/** A number of any size in few characters; a dash for none. */
export function short(value: number): string {
  if (Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(2);
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 4).replace("-", "−");
}
