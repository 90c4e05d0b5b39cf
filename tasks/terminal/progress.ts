/** A progress bar for a terminal; if the output is not a terminal, it prints a line at every tenth of the work. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream;
  #printed = 0;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** Shows the `share` (0 to 1) of the work that is done, with a note beside it. */
  update(share: number, note: string): void {
    if (this.#stream.isTTY) {
      const width = 24;
      const filled = Math.round(share * width);
      const line = `${"█".repeat(filled)}${"░".repeat(width - filled)} ${note}`;
      this.#stream.write(`\r\x1b[K${line.slice(0, (this.#stream.columns || 80) - 1)}`);
    } else if (Math.floor(share * 10) > this.#printed) {
      this.#printed = Math.floor(share * 10);
      this.#stream.write(`${note}\n`);
    }
  }

  /** Ends the bar's line; later output starts below it. */
  end(): void {
    if (this.#stream.isTTY) this.#stream.write("\n");
  }
}
