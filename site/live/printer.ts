/** The console of a program that a reader has edited. What it prints must never be more than the page can show. */
import type { Report } from "./protocol.ts";
import { showValue } from "./show-value.ts";

/** Lines that are shown: an endless loop that prints must leave the page able to stop it. */
export const LINES = 1000;
/** Characters of a line that are shown. */
const LENGTH = 2000;

type Print = (...values: unknown[]) => void;

/** The methods of `console` that print; each sends a line, until there are {@link LINES}. */
export function printer(tell: (report: Report) => void): Partial<Console> {
  let lines = 0;
  const print: Print = (...values) => {
    lines++;
    if (lines > LINES + 1) return;
    if (lines > LINES) return tell({ kind: "line", text: `… ${LINES} lines are shown, and no more` });
    const text = values.map(showValue).join(" ");
    tell({ kind: "line", text: text.length > LENGTH ? `${text.slice(0, LENGTH)}…` : text });
  };
  const assert: Print = (holds, ...values) => {
    if (!holds) print("Assertion failed:", ...values);
  };
  return {
    log: print,
    info: print,
    debug: print,
    warn: print,
    error: print,
    trace: print,
    dir: print,
    table: print,
    assert,
  };
}
