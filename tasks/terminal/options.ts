/** The options of a program on the command line, with errors that say what is wrong with one. */
import { parseArgs } from "node:util";
import { UsageError } from "./usage-error.ts";

/** The values that were given for named options. */
export class Options {
  readonly #values: Readonly<Record<string, string | boolean | undefined>>;

  /**
   * @param args The arguments after the program's name.
   * @param names The options that take a value, without their dashes.
   * @param usage Printed after the message about an unknown option.
   * @param flags The options that take none, besides `help`.
   * @throws UsageError
   */
  constructor(
    args: readonly string[],
    names: readonly string[],
    usage: string,
    flags: readonly string[] = [],
  ) {
    const options: Record<string, { type: "string" | "boolean" }> = {};
    for (const name of names) options[name] = { type: "string" };
    for (const name of ["help", ...flags]) options[name] = { type: "boolean" };
    try {
      this.#values = parseArgs({ args: [...args], options }).values as Record<string, string | boolean>;
    } catch (error) {
      throw new UsageError(`${(error as Error).message}\n\n${usage}`);
    }
  }

  get help(): boolean {
    return this.flag("help");
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** @throws UsageError, with `complaint`, for an empty text */
  text(name: string, fallback: string, complaint: string): string {
    const value = (this.#values[name] as string | undefined) ?? fallback;
    if (value === "") throw new UsageError(complaint);
    return value;
  }

  /** @param wanted What the number must be, in words. @throws UsageError for a number that is not `inside` */
  number(name: string, fallback: number, wanted: string, inside: (value: number) => boolean): number {
    const given = this.#values[name];
    if (given === undefined) return fallback;
    const value = given === "" ? Number.NaN : Number(given);
    if (Number.isFinite(value) && inside(value)) return value;
    throw new UsageError(`--${name} must be ${wanted}, got "${given}"`);
  }

  /** A whole number from `least` to `most`. @throws UsageError for any other */
  count(name: string, fallback: number, most: number, least = 1): number {
    const inside = (n: number) => Number.isInteger(n) && n >= least && n <= most;
    return this.number(name, fallback, `a whole number from ${least} to ${most}`, inside);
  }

  /** The seed of a generator. @throws UsageError for what is none */
  seed(fallback: number): number {
    return this.number("seed", fallback, "a whole number from 0", (n) => Number.isSafeInteger(n) && n >= 0);
  }
}
