import type { Summary } from "../tasks/statistics/statistics.ts";

/** A table with aligned columns; the first `texts` columns to the left, numbers to the right. */
export function markdown(rows: readonly (readonly string[])[], texts = 1): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i < texts ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" | ")} |`;
  const rule = widths.map((width, i) => (i < texts ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`));
  return [line(rows[0]!), `|${rule.join("|")}|`, ...rows.slice(1).map(line)].join("\n");
}

/** Median and quartiles, as in `12.3 (11.9–13.0)`; a dash for an unknown value; one sample has no quartiles. */
export function spread(summary: Summary | null): string {
  if (!summary) return "–";
  const { median, quartiles, runs } = summary;
  if (runs === 1) return `${digits(median)} (once)`;
  return `${digits(median)} (${digits(quartiles[0])}–${digits(quartiles[1])})`;
}

/** Three significant digits, without an exponent. */
export function digits(value: number | null): string {
  if (value === null) return "–";
  if (value === 0) return "0";
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 6));
}

export const percent = (share: number | null) => (share === null ? "–" : `${digits(share * 100)} %`);
