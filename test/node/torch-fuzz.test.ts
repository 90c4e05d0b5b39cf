/**
 * The reader of PyTorch's files with well over 100,000 hostile inputs: any bytes either load or throw a DataError with the reason.
 * Nothing else is thrown, the input stays unchanged, and the arrays are at most four times as large, with 16 MiB on top for files of many small parts.
 */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspect, loadTorch } from "webgpu-lstm/formats";
import { DataError } from "../../src/errors.ts";
import { goldenBytes } from "../goldens.ts";
import { archive, bytes, int, tensor, text, torchFile, unpack, word } from "../torch-pickle.ts";

/** Runs the readers over many inputs; says how many loaded, and which kinds of messages there were. */
function tally(arbitrary: fc.Arbitrary<Uint8Array>, numRuns: number) {
  let loaded = 0;
  const messages = new Set<string>();
  const attempt = (read: () => unknown, limit: number): void => {
    try {
      const value = read();
      if (bytesIn(value) > limit) throw new Error(`${bytesIn(value)} bytes of arrays`);
      loaded++;
    } catch (error) {
      if (!(error instanceof DataError) || error.message.length > 700) throw error;
      messages.add(error.message.replace(/\d+|"[^"]*"/g, "_"));
    }
  };
  let run = 0;
  const check = (file: Uint8Array) => {
    const before = createHash("sha1").update(file).digest("hex");
    const limit = 4 * file.length + 2 ** 24;
    if (run++ % 4 === 0) attempt(() => inspect(file), limit);
    attempt(() => loadTorch(file, { keepTypes: run % 2 === 0 }), limit);
    return createHash("sha1").update(file).digest("hex") === before;
  };
  fc.assert(fc.property(arbitrary, check), { numRuns, seed: 20261201 });
  return { loaded, messages };
}

/** Bytes of all arrays in a value. */
function bytesIn(root: unknown): number {
  const seen = new Set<unknown>();
  const left = [root];
  let sum = 0;
  for (let value = left.pop(); value !== undefined || left.length > 0; value = left.pop()) {
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (ArrayBuffer.isView(value)) sum += value.byteLength;
    else left.push(...Object.values(value));
  }
  return sum;
}

function expectKinds(messages: Set<string>, kinds: RegExp[]): void {
  for (const kind of kinds) {
    const seen = [...messages].some((message) => kind.test(message));
    expect(seen, `some input should have failed with ${kind}`).toBe(true);
  }
}

/** Bytes with up to four changed, and cut off a fourth of the time. */
function mutations(good: Uint8Array, values: fc.Arbitrary<number> = fc.nat(255)): fc.Arbitrary<Uint8Array> {
  const change = fc.tuple(fc.nat(good.length - 1), values);
  const choice = fc.tuple(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(good.length), fc.nat(3));
  return choice.map(([changes, length, cut]) => {
    const copy = good.slice(0, cut === 0 ? length : good.length);
    for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
    return copy;
  });
}

const golden = (name: string) => Uint8Array.from(goldenBytes(`torch_file_${name}.pt`));

describe("loadTorch", () => {
  it("survives any bytes", () => {
    const beginning = fc.constantFrom(bytes(), bytes("PK", 3, 4), bytes(0x80, 2));
    const rest = fc.uint8Array({ maxLength: 100 });
    tally(
      fc.tuple(beginning, rest).map(([first, rest]) => bytes(first, rest)),
      10_000,
    );
  });

  it("survives an archive with bytes changed or cut off, where nothing has a checksum", () => {
    const { loaded, messages } = tally(mutations(golden("no_checksum")), 25_000);
    expect(loaded).toBeGreaterThan(1000);
    expectKinds(messages, [
      /zip directory/,
      /own header/,
      /directory is damaged/,
      /has the opcode/,
      /reaches beyond/,
    ]);
  });

  it("survives the same with checksums", () => {
    const { loaded, messages } = tally(mutations(golden("checkpoint")), 10_000);
    expect(loaded).toBeGreaterThan(100);
    expectKinds(messages, [/checksum/, /own header/]);
  });

  it.each(["protocol3", "protocol4", "views", "types"])(
    "survives the pickle of %s with bytes changed",
    (name) => {
      const entries = unpack(golden(name));
      const values = fc.oneof(
        fc.nat(255),
        fc.nat(9),
        fc.constantFrom(...bytes("()]}.NQRbacehjqrstu", [0x85, 0x86, 0x87])),
      );
      const pickles = mutations(entries["archive/data.pkl"]!, values);
      const { loaded, messages } = tally(
        pickles.map((pickle) => archive({ ...entries, "archive/data.pkl": pickle })),
        12_000,
      );
      expect(loaded).toBeGreaterThan(100);
      expectKinds(messages, [/has the opcode/, /it wants/, /ends after/, /storage/, /arguments|calls/]);
    },
  );

  it("survives any order of opcodes", () => {
    const shape = fc.array(fc.oneof(fc.nat(4), fc.constantFrom(0, 2 ** 20, 2 ** 40)), { maxLength: 3 });
    const made = fc
      .record({
        shape,
        strides: shape,
        offset: fc.nat(3),
        type: fc.constantFrom("FloatStorage", "BoolStorage", "X"),
        untyped: fc.constantFrom("", "", "uint16", "float8_e5m2", "float32"),
      })
      .map((one) => tensor({ ...one, elements: one.type === "FloatStorage" && !one.untyped ? 2 : 8 }));
    const simple = fc.constantFrom(..."N]})(tauesb".split(""), ..."\x85\x86\x87\x88\x89\x94".split(""));
    const put = fc.tuple(fc.constantFrom("q", "h"), fc.nat(3)).map(([code, index]) => bytes(code, index));
    const named = fc
      .constantFrom(
        "collections\nOrderedDict",
        "torch\nSize",
        "torch._utils\n_rebuild_parameter",
        "torch._utils\n_rebuild_tensor_v3",
        "torch.storage\nUntypedStorage",
        "torch\nuint32",
        "os\nsystem",
      )
      .map((name) => bytes(`c${name}\n`));
    const value = fc.oneof(
      fc.constantFrom("a", "b", "__proto__").map(text),
      fc.integer({ min: -300, max: 300 }).map(int),
      fc.nat().map((n) => bytes("X", word(n))),
    );
    const latin = simple.map((code) => bytes(code.charCodeAt(0)));
    const part = fc.oneof(
      { weight: 6, arbitrary: latin },
      { weight: 3, arbitrary: value },
      { weight: 2, arbitrary: put },
      {
        weight: 1,
        arbitrary: fc.oneof(named, made, fc.constant(bytes("R")), fc.constant(bytes("]q", 0, "h", 0, "a"))),
      },
    );
    // Half of them are wrapped in a list, so that they leave one object.
    const opcodes = fc.tuple(fc.array(part, { maxLength: 12 }), fc.boolean());
    const { loaded, messages } = tally(
      opcodes.map(([parts, wrap]) => torchFile(wrap ? bytes("](", ...parts, "e") : bytes(...parts))),
      25_000,
    );
    expect(loaded).toBeGreaterThan(1000);
    expectKinds(messages, [
      /takes more objects/,
      /no list/,
      /no dict/,
      /wants object/,
      /is no data/,
      /no function/,
      /as many strides/,
      /memory/,
      /reaches beyond/,
      /contains itself/,
    ]);
  });
});
