/** Formats numbers for display: everywhere with a true minus sign, and never with a negative zero. */

const COUNT = new Intl.NumberFormat("en-US");

/** Replaces the hyphens of a number by minus signs; a zero has none. */
function signed(text: string): string {
  return (/^-[0.]+$/.test(text) ? text.slice(1) : text).replaceAll("-", "−");
}

/** 12,345 */
export function count(value: number): string {
  return signed(COUNT.format(value));
}

/** 1 trial, 2,000 trials; with what one is many of: 1 entry, 3 entries */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const ATTRIBUTE = new Intl.NumberFormat("en-US", {
  maximumSignificantDigits: 6,
  useGrouping: false,
  signDisplay: "negative",
});

/** A number for an attribute such as `aria-valuemax`: six digits, and never an exponent, which some screen readers cannot read. */
export function attribute(value: number): string {
  return ATTRIBUTE.format(value);
}

/** 512 B, 13.6 kB, 1.2 MB: decimal, as everywhere in this library. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  const [unit, size] = value < 1e6 ? ["kB", 1e3] : value < 1e9 ? ["MB", 1e6] : (["GB", 1e9] as const);
  return `${(value / Number(size)).toFixed(1)} ${unit}`;
}

/** A number with so many decimals: −0.50. */
export function decimals(value: number, digits: number): string {
  return signed(value.toFixed(digits));
}

/** A number with at most three digits: 1, −0.5, 3.41, 1.2e9, 4e−7. */
export function brief(value: number): string {
  const rounded = Number(value.toPrecision(3));
  const size = Math.abs(rounded);
  return signed(size !== 0 && (size >= 1e6 || size < 1e-4) ? exponential(rounded) : String(rounded));
}

/** A number of any size in few characters; a dash for none. */
export function short(value: number): string {
  if (Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-3 && size >= 1e-6) return signed(String(Number(value.toPrecision(3))));
  if (size !== 0 && (size < 1e-6 || size >= 1e5)) return signed(exponential(Number(value.toPrecision(3))));
  return signed(value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 4));
}

/** 1.2e9 where toExponential gives 1.2e+9. */
function exponential(value: number): string {
  return value.toExponential().replace("e+", "e");
}

/** Digits of a label up to which powers of ten make it shorter. */
const FEW = 4;

/**
 * The labels of an axis: as many digits as tell its ticks apart, powers of ten where few digits do.
 * @param ticks At equal distances, in order; uPlot gives `null` for ticks that have no label
 */
export function tickLabels(ticks: readonly (number | null)[]): string[] {
  const values = ticks.filter((tick) => tick !== null);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) return ticks.map((tick) => (tick === null ? "" : "0"));
  const steps = values.slice(1).map((value, i) => Math.abs(value - values[i]!));
  const step = Math.min(...steps.filter((size) => size > 0), largest);
  // 0.25 takes two decimals though its power of ten is -1.
  let decimal = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const shown = (digits: number) =>
    values.every((value) => Math.abs(value - Number(value.toFixed(digits))) < step / 100);
  while (decimal < 20 && !shown(decimal)) decimal++;
  const power = Math.floor(Math.log10(largest));
  const digits = power - Math.floor(Math.log10(step) + 1e-9) + 1;
  if ((largest >= 1e6 || largest < 1e-3) && digits <= FEW) {
    return ticks.map((tick) =>
      tick === null ? "" : tick === 0 ? "0" : signed(exponential(Number(tick.toPrecision(digits + 1)))),
    );
  }
  const format = new Intl.NumberFormat("en-US", {
    minimumFractionDigits: 0,
    maximumFractionDigits: Math.min(20, decimal),
  });
  return ticks.map((tick) => (tick === null ? "" : signed(format.format(tick))));
}

/** The width in px of an axis for these labels, in the charts' font. */
export function widthOf(labels: readonly string[] | null, least: number): number {
  const longest = (labels ?? []).reduce((most, label) => Math.max(most, label.length), 0);
  return Math.max(least, Math.ceil(14 + 7 * longest));
}

/** The least range of a scale, as a share of its values: a line that hardly changes is drawn as one. */
const LEAST = 1e-5;

/** The range of a scale for values between these; constant values lie in its middle. */
export function leastRange(min: number | null, max: number | null): [number, number] {
  if (min === null || max === null) return [0, 1];
  const size = Math.max(Math.abs(min), Math.abs(max));
  const least = size === 0 ? 2 : LEAST * size;
  if (max - min >= least) {
    const margin = 0.1 * (max - min);
    // Values on one side of zero keep to it.
    return [min >= 0 && min < margin ? 0 : min - margin, max <= 0 && -max < margin ? 0 : max + margin];
  }
  const half = size === 0 ? 1 : Math.max(0.1 * size, least);
  const middle = (min + max) / 2;
  return [middle - half, middle + half];
}
