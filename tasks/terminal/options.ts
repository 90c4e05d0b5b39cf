/** The options of a program on the command line, with errors that say what is wrong with one. */
import { parseArgs } from "node:util";
import { UsageError } from "./usage-error.ts";

/** The values that were given for named options. */
export class Options {
  readonly #values: Readonly<Record<string, string | boolean | undefined>>;

  /**
   * Every option takes a value, besides `--help`.
   * @param args The arguments after the program's name.
   * @param names All options besides `help`, without their dashes.
   * @param usage Printed after the message about an unknown option.
   * @throws UsageError
   */
  constructor(args: readonly string[], names: readonly string[], usage: string) {
    const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
    try {
      this.#values = parseArgs({
        args: [...args],
        options: { ...options, help: { type: "boolean" } },
      }).values;
    } catch (error) {
      throw new UsageError(`${(error as Error).message}\n\n${usage}`);
    }
  }

  get help(): boolean {
    return this.#values["help"] === true;
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
