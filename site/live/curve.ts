/** Geometry of small line charts: values to SVG paths. */
import type { Lines } from "./protocol.ts";

/** The smallest and largest finite value, apart from each other. */
export function extent(lines: Lines): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const values of Object.values(lines)) {
    for (const value of Array.from(values)) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (!Number.isFinite(low)) return [0, 1];
  if (high > low) return [low, high];
  const margin = Math.abs(low) * 0.1 || 1;
  return [low - margin, high + margin];
}

/** A path through the values, over a width and a height; values that are not finite are gaps. */
export function pathOf(
  values: ArrayLike<number>,
  [low, high]: readonly [number, number],
  width: number,
  height: number,
): string {
  const across = width / Math.max(1, values.length - 1);
  let pen = "M";
  return Array.from(values, (value, i) => {
    if (!Number.isFinite(value)) {
      pen = "M";
      return "";
    }
    const y = height - ((value - low) / (high - low)) * height;
    const part = `${pen}${(i * across).toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
    return part;
  }).join("");
}

/** A number for an axis: three significant digits, without a row of zeros. */
export function label(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-4 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
  return text.replace("-", "−").replace("e+", "e");
}
