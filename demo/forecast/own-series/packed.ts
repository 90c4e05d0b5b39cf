/**
 * Whole numbers and names as a text that an address takes as it is: seven bits a byte, the least first; the sign in the lowest bit
 * (zigzag); base64url. Small numbers are short, so a series is packed as its differences.
 */

/** A larger number would lose its last digits. */
const MOST = 2 ** 52;

export class Packer {
  readonly #bytes: number[] = [];

  /** @throws RangeError for a number that is not whole or is larger than 2^52 */
  whole(value: number): void {
    if (!Number.isInteger(value) || Math.abs(value) > MOST) throw new RangeError(`${value} cannot be packed`);
    let left = value < 0 ? -2 * value - 1 : 2 * value;
    // Bits would be cut to 32.
    for (; left > 0x7f; left = Math.floor(left / 0x80)) this.#bytes.push(0x80 | (left % 0x80));
    this.#bytes.push(left);
  }

  /** Each number as its difference from the one before; their count is not packed. */
  differences(values: readonly number[]): void {
    for (const [t, value] of values.entries()) this.whole(value - (values[t - 1] ?? 0));
  }

  name(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.whole(bytes.length);
    this.#bytes.push(...bytes);
  }

  /** The text so far. */
  get text(): string {
    const base64 = btoa(String.fromCharCode(...this.#bytes));
    return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  }
}

/** Reads what {@link Packer} has written. Anybody may have written it: every method throws a RangeError for what it does not like. */
export class Unpacker {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(text: string) {
    if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) throw new RangeError("this is not packed");
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    this.#bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  }

  /** A number from `least` to `most`. */
  whole(least: number, most: number): number {
    let [value, scale, byte] = [0, 1, 0x80];
    for (; byte > 0x7f; scale *= 0x80) {
      byte = this.#bytes[this.#at++] ?? Number.NaN;
      value += (byte % 0x80) * scale;
      if (!(value <= 2 * MOST)) throw new RangeError("a number is missing or too large");
    }
    const whole = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    if (whole < least || whole > most) throw new RangeError(`${whole} is not from ${least} to ${most}`);
    return whole;
  }

  /** So many numbers from `least` to `most`, from their differences. */
  differences(count: number, least: number, most: number): number[] {
    let value = 0;
    return Array.from({ length: count }, () => {
      value += this.whole(least - value, most - value);
      return value;
    });
  }

  /** A name of up to so many bytes, without signs that control a terminal. */
  name(most: number): string {
    const length = this.whole(1, most);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    const text = new TextDecoder("utf-8", { fatal: false }).decode(bytes);
    if (bytes.length < length || /[\p{Cc}\uFFFD]/u.test(text) || text.trim() !== text) {
      throw new RangeError("a name cannot be read");
    }
    return text;
  }

  /** Nothing may be left at the end. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new RangeError("there is more than was packed");
  }
}

/** What `read` makes of a packed text; undefined if it is none, or too long. */
export function unpack<T>(text: string, longest: number, read: (from: Unpacker) => T): T | undefined {
  if (text.length > longest) return undefined;
  try {
    const from = new Unpacker(text);
    const found = read(from);
    from.end();
    return found;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
