/** Files made to do harm: each is refused in few words that say what is wrong, and none reaches what it does not belong to. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { nn, optim, WebGpuLstmError } from "webgpu-lstm";
import { show } from "../../src/checks.ts";
import { DataError, StateDictError } from "../../src/errors.ts";
import { loadCheckpoint, saveCheckpoint } from "../../src/io/checkpoint.ts";
import { loadSafetensors, saveSafetensors } from "../../src/io/safetensors.ts";
import { type NDArray, showShape } from "../../src/shape.ts";
import { readState } from "../../src/train/state-file.ts";
import { wrong } from "../refusal.ts";

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

const u8 = (shape: unknown, begin: unknown, end: unknown) => ({
  dtype: "U8",
  shape,
  data_offsets: [begin, end],
});

/** The message of the library's error that `call` throws; `undefined` if it throws none. */
function messageOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(WebGpuLstmError);
    return (error as Error).message;
  }
}

describe("a message stays short", () => {
  const long = "\u0001x".repeat(300_000);

  it.each<[string, unknown]>([
    ["text", long],
    ["a list of texts", Array(8).fill(long)],
    ["a long list", Array(1_000_000).fill(1)],
    ["lists of lists", [Array(8).fill(Array(8).fill(Array(8).fill(Array(8).fill(7))))]],
    ["a deep list", JSON.parse("[".repeat(100_000) + "]".repeat(100_000))],
    [
      "an object with many keys",
      Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key ${i}`, i])),
    ],
    ["an object with a long key", { [long]: 1 }],
    ["an object whose constructor lies", JSON.parse('{"constructor":{"name":{"toString":1}}}')],
    ["a large integer", 10n ** 10_000n],
  ])("of %s", (_, value) => {
    expect(show(value).length).toBeLessThanOrEqual(200);
  });

  it("of a shape with a million sizes", () => {
    expect(showShape(Array(1_000_000).fill(1))).toMatch(/^\[1, 1, .{1,100}1000000 in all\)\]$/);
    expect(showShape(Array(9).fill(2 ** 53))).toHaveLength(9 * 16 + 8 * 2 + 2);
    expect(showShape(Array(100).fill(2 ** 53)).length).toBeLessThanOrEqual(200);
    expect(showShape([64, 20, 1])).toBe("[64, 20, 1]");
  });

  /** Short and long text, numbers and lists, wherever a header can have a value. */
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom("__proto__", "constructor", "toString", "__metadata__", long.slice(0, 5000)),
    fc
      .tuple(fc.string({ minLength: 1, maxLength: 3 }), fc.nat(2000))
      .map(([part, times]) => part.repeat(times)),
  );
  const number = fc.oneof(fc.double(), fc.constantFrom(null, true, 2 ** 60, -1, 0));
  const scalar = fc.oneof(text, number);
  const items = fc.oneof(
    fc.array(scalar, { maxLength: 9 }),
    fc.tuple(number, fc.nat(5000)).map(([value, count]) => Array(count).fill(value)),
  );
  const value = fc.oneof(scalar, items, fc.dictionary(text, items, { maxKeys: 2 }));
  const info = fc.record(
    {
      dtype: fc.oneof(fc.constant("U8"), value),
      shape: fc.oneof(items, value),
      data_offsets: fc.oneof(items, value),
    },
    { requiredKeys: [] },
  );

  it("for any header", () => {
    const header = fc.dictionary(text, fc.oneof(info, info, value), { maxKeys: 3 });
    let longest = 0;
    fc.assert(
      fc.property(header, fc.nat(8), (header, bytes) => {
        const message = messageOf(() => loadSafetensors(file(header, new Uint8Array(bytes)))) ?? "";
        longest = Math.max(longest, message.length);
        return message.length < 2000;
      }),
      { numRuns: 500, seed: 20260101 },
    );
    expect(longest).toBeGreaterThan(100);
  });

  it("for any metadata of a checkpoint, and for the model and the optimizer it is loaded into", () => {
    const model = new nn.Linear(1, 1);
    const adam = new optim.Adam(model.parameters());
    const slots = fc.dictionary(text, value, { maxKeys: 2 });
    const group = fc
      .tuple(slots, fc.constantFrom([0, 1], [0], long.slice(0, 5000)))
      .map(([own, params]) => ({ ...own, params }));
    const optimizer = fc.record({
      state: fc.dictionary(fc.oneof(fc.constantFrom("0", "1"), text), fc.oneof(slots, value), { maxKeys: 2 }),
      param_groups: fc.array(group, { minLength: 1, maxLength: 2 }),
    });
    const names = fc.uniqueArray(text, { maxLength: 3 });
    fc.assert(
      fc.property(names, optimizer, text, (names, optimizer, config) => {
        const tensors = new Map(
          names.filter((name) => name !== "__metadata__").map((name) => [name, array(1)]),
        );
        const read = () => loadCheckpoint(saveSafetensors(tensors, { optimizer: JSON.stringify(optimizer) }));
        const messages = [
          messageOf(read),
          messageOf(() => loadCheckpoint(saveSafetensors(new Map(), { config }))),
          messageOf(() => adam.loadStateDict(wrong(optimizer))),
          messageOf(() => model.loadStateDict(tensors)),
          messageOf(() => readState("Here", optimizer, tensors)),
        ];
        return messages.every((message) => (message ?? "").length < 2000);
      }),
      { numRuns: 150, seed: 20260101 },
    );
    model.dispose();
  });

  it("where a file has hundreds of thousands of tensors that the model has not", () => {
    const model = new nn.Linear(1, 1);
    const tensors = new Map(Array.from({ length: 300_000 }, (_, i) => [`tensor.${i}`, array()]));
    expect(() => model.loadStateDict(tensors)).toThrow(StateDictError);
    expect(messageOf(() => model.loadStateDict(tensors))).toMatch(
      /missing weight; missing bias; unexpected .{1,1600}in all\)$/,
    );
    model.dispose();
  });
});

describe("loadSafetensors says what is wrong", () => {
  it.each<[string, Uint8Array, string]>([
    [
      "metadata that is null",
      file({ __metadata__: null }),
      "__metadata__ must be an object of strings by name, got null; leave it out",
    ],
    ["metadata with a number", file({ __metadata__: { n: 1 } }), 'got 1 for "n"'],
    [
      "a tensor twice",
      file(
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        [1],
      ),
      'the header has the key "a" twice, so that it is not clear which counts; write the file again',
    ],
    ["a tensor twice, spelled in two ways", file('{"ab":{},"\\u0061b":{}}'), 'has the key "ab" twice'],
    ["metadata twice", file('{"__metadata__":{},"__metadata__":{}}'), 'has the key "__metadata__" twice'],
    [
      "a name in the metadata twice",
      file('{"__metadata__":{"a\\"":"1","a\\"":"2"}}'),
      'has the key "a\\"" twice in "__metadata__"',
    ],
    ["a field twice", file('{"a":{"dtype":"U8","dtype":"I8"}}'), 'has the key "dtype" twice in "a"'],
    [
      "a name of the prototype twice",
      file('{"__proto__":{},"__proto__":{}}'),
      'has the key "__proto__" twice',
    ],
    [
      "too many levels",
      file(`{"a":${"[".repeat(50_000)}${"]".repeat(50_000)}}`),
      "more than 1000 levels deep",
    ],
    [
      "a number beyond 2^53",
      file({ a: u8([2 ** 60], 0, 1) }, [0]),
      "integers from 0 to 2^53 - 1, got [1152921504606847000]",
    ],
    ["an offset beyond 2^53", file({ a: u8([1], 0, 2 ** 53) }, [0]), "two integers from 0 to 2^53 - 1"],
    [
      "a type that it does not read",
      file({ a: { ...u8([1], 0, 1), dtype: "F8_E8M0" } }, [0]),
      "convert the tensor before it is saved",
    ],
    [
      "a BOOL that is neither 0 nor 1",
      file({ a: { ...u8([2], 0, 2), dtype: "BOOL" } }, [1, 2]),
      'tensor "a" at index 1: a BOOL must be 0 or 1, got 2',
    ],
    [
      "offsets out of order with an overlap",
      file({ b: u8([2], 1, 3), a: u8([2], 0, 2) }, [0, 0, 0]),
      "overlaps",
    ],
    [
      "a product beyond every number",
      file({ a: u8(Array(1000).fill(2 ** 53 - 1), 0, 1) }, [0]),
      "takes Infinity bytes",
    ],
  ])("of %s", (_, bytes, part) => {
    expect(() => loadSafetensors(bytes)).toThrow(DataError);
    expect(messageOf(() => loadSafetensors(bytes))).toMatch(/^loadSafetensors: /);
    expect(messageOf(() => loadSafetensors(bytes))).toContain(part);
    expect(messageOf(() => loadSafetensors(bytes))).not.toContain("parseSafetensors");
  });

  it("and takes no key for a repeated one that is not", () => {
    const twice = { x: u8([0], 0, 0), '{"x"': u8([0], 0, 0), "x\\": u8([0], 0, 0), "x,": u8([0], 0, 0) };
    expect(loadSafetensors(file({ ...twice, __metadata__: { x: "x", y: '"x":1,"x":2' } })).tensors.size).toBe(
      4,
    );
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const plain = JSON.parse(JSON.stringify(value));
        const saved = saveSafetensors(new Map(), { config: JSON.stringify(plain, null, 1) });
        expect(loadCheckpoint(saved).config).toEqual(plain);
      }),
      { numRuns: 1000 },
    );
  });

  it("and finds a repeated key in any object", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string(), { maxLength: 4 }), (key, others) => {
        const name = JSON.stringify(key);
        const entries = [...new Set(others)]
          .filter((one) => one !== key)
          .map((one) => `${JSON.stringify(one)}:[{}]`);
        const config = `[0,{${[`${name}:"${'\\"'}"`, ...entries, `${name}:{}`].join(" , ")}}]`;
        const saved = saveSafetensors(new Map(), { config });
        expect(() => loadCheckpoint(saved)).toThrow(DataError);
        expect(messageOf(() => loadCheckpoint(saved))).toContain(`"config" has the key`);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("loadCheckpoint", () => {
  const load = (optimizer: string, config = "null") =>
    loadCheckpoint(saveSafetensors(new Map([["w", array(1)]]), { optimizer, config }));
  const group = '"param_groups":[{"params":[0]}]';

  it.each(["-1", "0.5", "1e16", "true", '"3"', "[1]"])("refuses %s as a step count", (step) => {
    const call = () => load(`{"state":{"0":{"step":${step}}},${group}}`);
    expect(call).toThrow(DataError);
    expect(call).toThrow(
      /optimizer\.state\[0\]\["step"\] must be an integer from 0 to 2\^53 - 1, as it counts updates, got /,
    );
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    "refuses %d as a step count in a tensor",
    async (step) => {
      const state = { 0: { step: array(step) } };
      const saving = saveCheckpoint({
        model: new Map(),
        optimizer: { state, param_groups: [{ params: [0] }] },
      });
      await expect(saving).rejects.toThrow(
        `["step"] must be an integer from 0 to 2^53 - 1, as it counts updates, got ${step}`,
      );
    },
  );

  it("takes a step count in either form", async () => {
    const state = { 0: { step: array(7) }, 1: { step: 2 ** 53 - 1 } };
    const bytes = await saveCheckpoint({
      model: new Map(),
      optimizer: { state, param_groups: [{ params: [0, 1] }] },
    });
    expect(loadCheckpoint(bytes).optimizer!.state).toEqual(state);
  });

  it.each([
    [
      "infinity as a setting",
      `{"state":{},"param_groups":[{"params":[0],"lr":1e999}]}`,
      "optimizer.param_groups[0].lr must be plain JSON",
    ],
    ["infinity as a state", `{"state":{"0":{"mu":-1e999}},${group}}`, "got -Infinity"],
    ["NaN", `{"state":{"0":{"mu":NaN}},${group}}`, 'entry "optimizer" must be JSON'],
    [
      "a parameter's number that is none",
      `{"state":{},"param_groups":[{"params":[-1]}]}`,
      "params must be numbers of parameters",
    ],
    [
      "a state of a parameter that is not there",
      `{"state":{"1":{}},${group}}`,
      'state["1"] is for a parameter that',
    ],
    ["a state given twice", `{"state":{"0":{},"0":{}},${group}}`, 'has the key "0" twice in "state"'],
  ])("refuses %s", (_, optimizer, part) => {
    expect(() => load(optimizer)).toThrow(DataError);
    expect(messageOf(() => load(optimizer))).toContain(part);
  });

  it("refuses a config that is too deep to be saved again, at the same depth", async () => {
    const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    const none = `{"state":{},${group}}`;
    const { config } = load(none, deep(1000));
    expect(loadCheckpoint(await saveCheckpoint({ model: new Map(), config: config! })).config).toEqual(
      config,
    );
    expect(() => load(none, deep(1001))).toThrow(/entry "config" is nested more than 1000 levels deep/);
    await expect(saveCheckpoint({ model: new Map(), config: JSON.parse(deep(1001)) })).rejects.toThrow(
      /config is nested too deeply/,
    );
  });
});

test("no name in a file reaches a prototype", () => {
  const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"];
  const entries = (value: string) => names.map((name) => `"${name}":${value}`).join(",");
  const polluting = `{"polluted":1,${entries('{"polluted":1}')}}`;
  const slots = `{"polluted":1,${entries("1")}}`;
  const optimizer = `{"state":{"0":${slots}},"param_groups":[{"params":[0],${entries("{}")}}]}`;
  const offsets = names.map((name, i) => `"${name}":${JSON.stringify(u8([1], i, i + 1))}`).join(",");
  const metadata = JSON.stringify({ optimizer, config: polluting }).slice(1, -1);
  const text = `{"__metadata__":{${metadata},${entries('"text"')}},${offsets}}`;
  const { model, optimizer: read, config } = loadCheckpoint(file(text, [1, 2, 3, 4, 5]));
  expect([...model.keys()]).toEqual(names);
  expect(Object.keys(read!.state[0]!).sort()).toEqual(["polluted", ...names].sort());
  const layer = new nn.Linear(1, 1);
  expect(() => layer.loadStateDict(model)).toThrow(StateDictError);
  expect(() => new optim.Adam(layer.parameters()).loadStateDict(read!)).toThrow(StateDictError);
  expect(() => readState("Here", { version: 3, ...(config as object) }, model)).toThrow(DataError);
  expect(Object.keys(config as object).sort()).toEqual(["polluted", ...names].sort());
  for (const value of [{}, [], () => {}, new Map(), config, read!.state[0]]) {
    const prototype = Object.getPrototypeOf(value);
    expect("polluted" in prototype).toBe(false);
    expect(prototype.toString).toBeInstanceOf(Function);
  }
  layer.dispose();
});
