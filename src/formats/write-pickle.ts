import { read as op } from "./pickle-opcodes.ts";

/** Writes a pickle of protocol 2, the one of `torch.save`, opcode by opcode. */
export class PickleWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;
  readonly #encoder = new TextEncoder();

  constructor() {
    this.code("PROTO");
    this.#byte(2);
  }

  /** An opcode that has no argument. */
  code(name: keyof typeof op): void {
    this.#byte(op[name]);
  }

  text(text: string): void {
    const bytes = this.#encoder.encode(text);
    this.code("BINUNICODE");
    this.#view(4).setUint32(0, bytes.length, true);
    this.#append(bytes);
  }

  /** @param value of at most 255 bytes */
  integer(value: bigint): void {
    if (value >= 0n && value < 256n) {
      this.code("BININT1");
      this.#byte(Number(value));
    } else if (BigInt.asIntN(32, value) === value) {
      this.code("BININT");
      this.#view(4).setInt32(0, Number(value), true);
    } else {
      const bytes: number[] = [];
      // The last byte has the sign.
      for (let rest = value; BigInt.asIntN(8 * bytes.length, value) !== value; rest >>= 8n)
        bytes.push(Number(rest & 255n));
      this.code("LONG1");
      this.#byte(bytes.length);
      this.#append(bytes);
    }
  }

  float(value: number): void {
    this.code("BINFLOAT");
    this.#view(8).setFloat64(0, value, false);
  }

  global(module: string, name: string): void {
    this.code("GLOBAL");
    this.#append(this.#encoder.encode(`${module}\n${name}\n`));
  }

  /** The pickle. Nothing can be added after it. */
  end(): Uint8Array {
    this.code("STOP");
    return this.#bytes.subarray(0, this.#length);
  }

  #byte(value: number): void {
    this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  #append(bytes: ArrayLike<number>): void {
    this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** The next `count` bytes, to be set. */
  #view(count: number): DataView {
    this.#grow(count);
    this.#length += count;
    return new DataView(this.#bytes.buffer, this.#length - count, count);
  }

  #grow(by: number): void {
    if (this.#length + by <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + by));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
