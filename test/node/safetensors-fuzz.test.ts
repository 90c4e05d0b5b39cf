/**
 * The readers of safetensors files and checkpoints with well over 100,000 hostile inputs: any bytes either load or
 * throw a DataError with the reason. Nothing else is thrown, the input stays unchanged, and allocations are
 * proportional to it.
 */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/errors.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/io/checkpoint.ts";
import { loadSafetensors, saveSafetensors } from "../../src/io/safetensors.ts";
import type { NDArray } from "../../src/shape.ts";
import { goldenBytes } from "../goldens.ts";

type Load = (bytes: Uint8Array) => Iterable<NDArray>;

const load: Load = (bytes) => loadSafetensors(bytes).tensors.values();

const checkpoint: Load = (bytes) => {
  const { model, optimizer } = loadCheckpoint(bytes);
  const slots = Object.values(optimizer?.state ?? {}).flatMap((own) => Object.values(own));
  const isTensor = (slot: unknown): slot is NDArray =>
    typeof slot === "object" && slot !== null && "data" in slot;
  return [...model.values(), ...slots.flat().filter(isTensor)];
};

const array = (...data: number[]): NDArray => ({ data: Float32Array.from(data), shape: [data.length] });

/** A file from a header (an object, or its text) and the bytes of its data. */
function file(header: unknown, data: ArrayLike<number> = []): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

/** Runs one reader over many inputs and reports the outcomes, so that a test can check for more than one kind of failure. */
function tally(
  arbitrary: fc.Arbitrary<Uint8Array>,
  numRuns: number,
  read: Load = load,
): { loaded: number; messages: Set<string> } {
  let loaded = 0;
  const messages = new Set<string>();
  const check = (bytes: Uint8Array) => {
    const before = createHash("sha1").update(bytes).digest("hex");
    try {
      let size = 0;
      for (const { data } of read(bytes)) size += data.byteLength;
      if (size > 4 * bytes.length) return false; // a byte becomes at most one float32
      loaded++;
    } catch (error) {
      if (!(error instanceof DataError) || error.message.length > 500) throw error;
      messages.add(error.message.replace(/\d+|"[^"]*"/g, "_"));
    }
    return createHash("sha1").update(bytes).digest("hex") === before;
  };
  fc.assert(fc.property(arbitrary, check), { numRuns, seed: 20260101 });
  return { loaded, messages };
}

function expectKinds(messages: Set<string>, kinds: RegExp[]): void {
  for (const kind of kinds) {
    const seen = [...messages].some((message) => kind.test(message));
    expect(seen, `some input should have failed with ${kind}`).toBe(true);
  }
}

/** A valid file with up to three bytes changed, truncated half of the time. */
function mutations(good: Uint8Array): fc.Arbitrary<Uint8Array> {
  // Mostly digits: the JSON stays valid, which reaches the checks behind the parser.
  const digit = fc.integer({ min: 0x30, max: 0x39 });
  const change = fc.tuple(fc.nat(good.length - 1), fc.oneof(fc.nat(255), digit, digit));
  const choice = fc.tuple(fc.array(change, { maxLength: 3 }), fc.nat(good.length), fc.boolean());
  return choice.map(([changes, length, cut]) => {
    const copy = good.slice(0, cut ? length : good.length);
    for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
    return copy;
  });
}

describe("loadSafetensors", () => {
  const dtype = fc.constantFrom("F32", "U8", "F16", "I64", "BOOL", "F8_E4M3", "F4", "", null, 3);
  const size = fc.oneof(
    fc.nat(4),
    fc.nat(4),
    fc.integer(),
    fc.double(),
    fc.constantFrom(2 ** 53, 2 ** 31, null),
  );
  const info = fc.record(
    {
      dtype,
      shape: fc.array(size, { maxLength: 3 }),
      data_offsets: fc.array(size, { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: [] },
  );
  const consistent = fc
    .tuple(fc.nat(4), fc.nat(8))
    .map(([n, begin]) => ({ dtype: "U8", shape: [n], data_offsets: [begin, begin + n] }));

  it("survives any bytes", () => {
    tally(fc.uint8Array({ maxLength: 64 }), 30_000);
  });

  it("survives any JSON as a header", () => {
    const data = fc.uint8Array({ maxLength: 16 });
    const { messages } = tally(
      fc.tuple(fc.json(), data).map(([text, rest]) => file(text, rest)),
      20_000,
    );
    expect(messages.size).toBeGreaterThan(3);
  });

  it("survives headers that are almost valid", () => {
    const name = fc.oneof(fc.constantFrom("a", "b", "__metadata__", "__proto__"), fc.string());
    const header = fc.dictionary(name, fc.oneof(info, consistent, consistent), { maxKeys: 3 });
    const { loaded, messages } = tally(
      fc.tuple(header, fc.uint8Array({ maxLength: 16 })).map(([h, rest]) => file(h, rest)),
      20_000,
    );
    expect(loaded).toBeGreaterThan(100);
    expectKinds(messages, [
      /dtype must/,
      /shape must/,
      /two integers/,
      /ascending/,
      /takes/,
      /hole/,
      /overlaps/,
      /has/,
    ]);
  });

  it("survives a valid file with bytes changed or cut off", () => {
    const tensors = new Map([
      ["lstm.weight_ih_l0", array(1, 2, 3, 4)],
      ["fc.bias", array(5)],
    ]);
    const { loaded, messages } = tally(mutations(saveSafetensors(tensors, { format: "pt" })), 30_000);
    expect(loaded).toBeGreaterThan(1000);
    expectKinds(messages, [/must be JSON/, /cut off/, /dtype must be/, /takes/]);
  });

  it("survives a file with every number type, with bytes changed or cut off", () => {
    const { loaded, messages } = tally(
      mutations(Uint8Array.from(goldenBytes("file_types.safetensors"))),
      20_000,
    );
    expect(loaded).toBeGreaterThan(1000);
    expectKinds(messages, [/must be JSON/, /cut off/, /takes/, /which float_ cannot/]);
  });

  it("reads a header with very many tensors in linear time", () => {
    const time = (count: number) => {
      const infos = Array.from(
        { length: count },
        (_, i) => `"${i}":{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`,
      );
      const bytes = file(`{${infos.reverse().join(",")}}`, new Uint8Array(count));
      const start = performance.now();
      expect(loadSafetensors(bytes).tensors.size).toBe(count);
      return performance.now() - start;
    };
    time(1000);
    const short = time(4000);
    expect(time(64_000)).toBeLessThan(16 * 8 * Math.max(short, 1)); // quadratic time would be 256 times as long
  });
});

describe("loadCheckpoint", async () => {
  const good = await saveCheckpoint({
    model: new Map([
      ["fc.weight", array(1, 2)],
      ["fc.bias", array(3)],
    ]),
    optimizer: {
      state: { 0: { step: 3, exp_avg: array(4, 5) }, 1: { step: 3, exp_avg: array(6) } },
      param_groups: [{ lr: 0.1, params: [0, 1] }],
    },
    config: { hiddenSize: 2 },
  });

  it("survives a valid file with bytes changed or cut off", () => {
    const { loaded, messages } = tally(mutations(good), 10_000, checkpoint);
    expect(loaded).toBeGreaterThan(100);
    expectKinds(messages, [
      /must be JSON/,
      /cut off/,
      /is for a parameter that/,
      /params must be/,
      /or the like/,
    ]);
  });

  it("survives any JSON as its optimizer and config", () => {
    const tensors = new Map([["optimizer.state.0.exp_avg", array(1)]]);
    const value = fc.oneof(fc.jsonValue(), fc.nat(3));
    // Half of each part is valid, so that later checks are reached.
    const index = fc.oneof(
      { weight: 4, arbitrary: fc.constant("0") },
      fc.oneof(fc.constantFrom("1", "-0", "00", "__proto__"), fc.string()),
    );
    const name = fc.oneof(fc.constantFrom("step", "exp_avg"), fc.string());
    const slot = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), value);
    const slots = fc.dictionary(name, slot, { maxKeys: 2 });
    const params = fc.oneof(
      fc.constant([0]),
      fc.constant([0, 1]),
      fc.array(fc.nat(2), { maxLength: 2 }),
      value,
    );
    const group = fc.oneof(fc.record({ params }), fc.record({ params }, { requiredKeys: [] }));
    const optimizer = fc.record(
      {
        state: fc.oneof(
          { weight: 4, arbitrary: fc.dictionary(index, fc.oneof(slots, slots, value), { maxKeys: 2 }) },
          value,
        ),
        param_groups: fc.oneof(
          group.map((one) => [one]),
          fc.array(group, { maxLength: 2 }),
          value,
        ),
      },
      { requiredKeys: [] },
    );
    const text = fc.oneof(
      optimizer.map((o) => JSON.stringify(o)),
      fc.json(),
      fc.string(),
    );
    const { loaded, messages } = tally(
      fc.tuple(text, fc.json()).map(([o, config]) => saveSafetensors(tensors, { optimizer: o, config })),
      20_000,
      checkpoint,
    );
    expect(loaded).toBeGreaterThan(100);
    expectKinds(messages, [
      /must be JSON/,
      /param_groups \}/,
      /params must be/,
      /is for a parameter that/,
      /must be \{ step/,
      /or the like/,
      /finite number/,
    ]);
  });
});
