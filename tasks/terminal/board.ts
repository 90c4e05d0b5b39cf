/** A few lines that change, above a progress bar; if the output is not a terminal, they are printed when they have changed. */
import { ProgressBar } from "./progress.ts";

export class Board {
  readonly #stream: NodeJS.WriteStream;
  readonly #bar: ProgressBar;
  #lines: readonly string[] = [];
  #drawn = 0;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
    this.#bar = new ProgressBar(stream);
  }

  /** Shows these lines from now on. */
  show(lines: readonly string[]): void {
    if (lines.join("\n") === this.#lines.join("\n")) return;
    this.#lines = lines;
    if (!this.#stream.isTTY) {
      this.#stream.write(`${lines.join("\n")}\n`);
      return;
    }
    const width = (this.#stream.columns || 80) - 1;
    // Up over the lines of the last time, and over the bar.
    const up = this.#drawn > 0 ? `\r\x1b[${this.#drawn}A` : "\r";
    this.#stream.write(`${up}\x1b[J${lines.map((line) => `${line.slice(0, width)}\n`).join("")}`);
    this.#drawn = lines.length;
  }

  /** Shows the `share` (0 to 1) of the work that is done, with a note. */
  progress(share: number, note: string): void {
    this.#bar.update(share, note);
  }

  /** Later output starts below. */
  end(): void {
    this.#bar.end();
  }
}
