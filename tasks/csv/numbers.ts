/** Reads numbers as files write them: with a decimal point or comma, and with signs between groups of three digits. */

/** The sign before the decimals. The other one may stand between thousands. */
export type DecimalSign = "point" | "comma";

const numberForm = (decimal: string, group: string) =>
  new RegExp(
    `^(?<sign>[+−-]?)(?<whole>\\d*|[1-9]\\d{0,2}(?:(?<group>${group}|['’ \\u00a0\\u202f])\\d{3})(?:\\k<group>\\d{3})*)` +
      `(?:${decimal}(?<part>\\d*))?(?<power>e[+-]?\\d+)?$`,
    "i",
  );
const FORMS = { point: numberForm("\\.", ","), comma: numberForm(",", "\\.") };

/** A number, or NaN for a text that is none or is too large for float32. */
export function readNumber(text: string, decimal: DecimalSign): number {
  const groups = FORMS[decimal].exec(text)?.groups;
  if (!groups) return Number.NaN;
  const { sign, whole = "", part = "", power = "" } = groups;
  const digits = whole.replace(/\D/g, "");
  if (digits + part === "") return Number.NaN;
  const value = Number(`${digits || "0"}.${part || "0"}${power}`);
  if (!Number.isFinite(Math.fround(value))) return Number.NaN;
  return sign === "-" || sign === "−" ? -value : value;
}

/** What a file's cells say about the decimal sign. */
export interface DecimalGuess {
  readonly decimal: DecimalSign;
  /** Whether the cells leave no other reading. */
  readonly sure: boolean;
  /** A cell that changes with the sign; undefined if there is none. */
  readonly example: string | undefined;
}

/**
 * Finds the decimal sign: the one with which more cells are numbers. If 1.234 and the like are all there is, semicolons between cells
 * speak for the comma, since spreadsheets write them where the comma is taken, and the sign is not sure. A file with commas between
 * cells and none in them has a point.
 */
export function guessDecimal(cells: Iterable<string>, delimiter: string): DecimalGuess {
  const only = { point: 0, comma: 0 };
  let example: string | undefined;
  let commas = false;
  for (const cell of cells) {
    if (!/[.,]/.test(cell)) continue;
    const [point, comma] = [readNumber(cell, "point"), readNumber(cell, "comma")];
    if (Number.isNaN(point) && Number.isNaN(comma)) continue;
    commas ||= cell.includes(",");
    if (Number.isNaN(comma)) only.point++;
    else if (Number.isNaN(point)) only.comma++;
    else if (point !== comma) example ??= cell;
  }
  if (only.point !== only.comma) {
    const decimal = only.point > only.comma ? "point" : "comma";
    return { decimal, sure: only.point === 0 || only.comma === 0, example };
  }
  const decimal = delimiter === ";" && example !== undefined ? "comma" : "point";
  const plain = only.point === 0 && (example === undefined || (delimiter === "," && !commas));
  return { decimal, sure: plain, example };
}
