import type { Refuse } from "./refuse.ts";

/** Allowance beyond four times the file, so that files of many small parts open. */
const SLACK = 2 ** 24;

/** The memory that reading one file may take. */
export class Budget {
  readonly #fileBytes: number;
  readonly #refuse: Refuse;
  #left: number;

  constructor(fileBytes: number, refuse: Refuse) {
    this.#fileBytes = fileBytes;
    this.#refuse = refuse;
    this.#left = 4 * fileBytes + SLACK;
  }

  /** Takes `bytes` for `what` before they are allocated. Throws once the file wants more than four times its size. */
  spend(bytes: number, what: string): void {
    this.#left -= bytes;
    // `!(… >= 0)` and not `<`: a hostile product may be NaN.
    if (!(this.#left >= 0)) {
      throw this.#refuse(
        `${what} takes more memory than four times the file's ${this.#fileBytes} bytes; save long lists as tensors, and tensors that ` +
          "repeat or share their elements (expand, views) with .contiguous().clone()",
      );
    }
  }
}
