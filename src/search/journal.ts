import { checkNoMore, show } from "../checks.ts";
import { OptionError } from "../errors.ts";

/**
 * Where a journal's lines are kept. Lines are numbered from 0, never change and never vanish. Several writers may append at the same time;
 * the order of the lines decides.
 */
export interface Journal {
  /**
   * Appends lines, without their line ends, in one piece. Resolves when they are stored. If it rejects, none is stored; or as many from the
   * first on as the error's property `stored` says.
   */
  append(lines: readonly string[]): Promise<void>;
  /** The complete lines from number `from` to the last. */
  read(from: number): Promise<readonly string[]>;
}

/** A journal in memory: it ends with the page or the program. */
export class MemoryJournal implements Journal {
  readonly #lines: string[];

  /** @param text The content of a journal's file, to go on from it. */
  constructor(text = "", ...more: never[]) {
    checkNoMore("MemoryJournal", more);
    if (typeof text !== "string")
      throw new OptionError(`MemoryJournal: text must be the content of a journal's file, got ${show(text)}`);
    // What follows the last line's end was cut off.
    this.#lines = text.split("\n").slice(0, -1);
  }

  async append(lines: readonly string[]): Promise<void> {
    this.#lines.push(...lines);
  }

  async read(from: number): Promise<readonly string[]> {
    return this.#lines.slice(from);
  }

  /** The journal as a file of Optuna: its lines, each with its end. */
  text(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }
}
