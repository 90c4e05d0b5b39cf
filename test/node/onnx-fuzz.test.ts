/**
 * The reader of ONNX with well over 100,000 hostile inputs: any bytes either open or throw an error of the library with the reason. Nothing
 * else is thrown, and the input stays unchanged.
 */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inspect } from "webgpu-lstm/formats";
import { WebGpuLstmError } from "../../src/errors.ts";
import { openOnnx } from "../../src/formats/onnx/open.ts";
import { operators } from "../../src/formats/onnx/operators/index.ts";
import { Graph } from "../../src/graph/graph.ts";
import { recording } from "../../src/graph/tensor.ts";
import { type AttributeValue, floats, type GraphInit, ints, node, onnxFile, port } from "../onnx-file.ts";

const noRandom = { next: () => expect.unreachable("no op of ONNX draws") };

/** Runs the readers, and perhaps a trace, over many inputs; says how many opened, and which kinds of messages there were. */
function tally(arbitrary: fc.Arbitrary<Uint8Array>, numRuns: number, traces = false) {
  let opened = 0;
  const messages = new Set<string>();
  const attempt = (read: () => void): void => {
    try {
      read();
      opened++;
    } catch (error) {
      const isOurs = error instanceof WebGpuLstmError;
      if (!isOurs || error.message.length > 2000) throw error;
      messages.add(error.message.replace(/\d+|"[^"]*"/g, "_"));
    }
  };
  let run = 0;
  const check = (file: Uint8Array) => {
    const before = createHash("sha1").update(file).digest("hex");
    if (run++ % 4 === 0) attempt(() => inspect(file));
    attempt(() => {
      const model = openOnnx(file, {});
      if (!traces) return;
      const graph = new Graph(noRandom);
      const inputs = Object.fromEntries(model.inputNames.map((name) => [name, graph.input([2, 3])]));
      recording.into(graph, () => model.forward(inputs));
    });
    return createHash("sha1").update(file).digest("hex") === before;
  };
  fc.assert(fc.property(arbitrary, check), { numRuns, seed: 20261201 });
  return { opened, messages };
}

function expectKinds(messages: Set<string>, kinds: RegExp[]): void {
  for (const kind of kinds) {
    const seen = [...messages].some((message) => kind.test(message));
    expect(seen, `some input should have failed with ${kind}`).toBe(true);
  }
}

/** Bytes with up to four changed, and cut off a fourth of the time. */
function mutations(good: Uint8Array): fc.Arbitrary<Uint8Array> {
  const value = fc.oneof(fc.nat(255), fc.nat(40), fc.constantFrom(0x7f, 0x80, 0xff));
  const change = fc.tuple(fc.nat(good.length - 1), value);
  const choice = fc.tuple(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(good.length), fc.nat(3));
  return choice.map(([changes, length, cut]) => {
    const copy = good.slice(0, cut === 0 ? length : good.length);
    for (const [at, byte] of changes) if (at < copy.length) copy[at] = byte;
    return copy;
  });
}

const small: GraphInit = {
  node: [
    node("Gemm", ["x", "w", "b"], ["h"], { transB: 1, alpha: { f: 0.5 } }),
    node("Reshape", ["h", "s"], ["r"]),
    node("If", ["c"], ["y"], {
      then_branch: { g: { node: [node("Relu", ["r"], ["t"])], output: [port("t", [])] } },
      else_branch: { g: { node: [node("Tanh", ["r"], ["e"])], output: [port("e", [])] } },
    }),
  ],
  initializer: [
    floats("w", [2, 3], [1, 2, 3, 4, 5, 6]),
    floats("b", [2], [0.5, -0.5]),
    ints("s", [2], [-1, 2]),
  ],
  input: [port("x", ["batch", 3]), port("c", [], 9)],
  output: [port("y", ["batch", 2])],
};

describe("loadOnnx", () => {
  it("survives any bytes", () => {
    const beginning = fc.constantFrom([], [0x08, 0x08], [0x3a, 0x10], [0x08, 0x08, 0x3a]);
    const random = fc.tuple(beginning, fc.uint8Array({ maxLength: 100 }));
    const { messages } = tally(
      random.map(([first, rest]) => Uint8Array.of(...first, ...rest)),
      30_000,
    );
    expectKinds(messages, [/damaged/, /has no graph|has the format|not an ONNX/]);
  });

  it("survives a file with bytes changed or cut off", () => {
    const { opened, messages } = tally(mutations(onnxFile(small)), 60_000);
    expect(opened).toBeGreaterThan(1000);
    expectKinds(messages, [
      /protobuf is damaged/,
      /wire type/,
      /must have _ values/,
      /is of type/,
      /which no input, initializer or earlier node gives/,
      /are not computed here/,
      /versions? _ of ONNX's operators/,
      /nothing gives the output/,
    ]);
  });

  it("survives any graph of well-formed nodes", () => {
    const name = fc.constantFrom("x", "y", "w", "h", "s", "", "__proto__", "constructor");
    const value: fc.Arbitrary<AttributeValue> = fc.oneof(
      fc.integer({ min: -9, max: 9 }),
      fc.constantFrom("text", "forward"),
      fc.array(fc.integer(), { maxLength: 3 }),
      fc.constant<AttributeValue>({ g: { node: [node("Relu", ["y"], ["z"])], output: [port("z", [])] } }),
    );
    const attribute = fc.constantFrom("axis", "body", "then_branch", "else_branch", "to", "__proto__");
    const one = fc
      .record({
        operator: fc.constantFrom("Relu", "If", "Loop", "Gemm", "LSTM", "Constant", "toString", "__proto__"),
        inputs: fc.array(name, { maxLength: 3 }),
        outputs: fc.array(name, { maxLength: 2 }),
        attributes: fc.dictionary(attribute, value, { maxKeys: 2 }),
      })
      .map(({ operator, inputs, outputs, attributes }) => node(operator, inputs, outputs, attributes));
    const size = fc.oneof(fc.integer({ min: -2, max: 4 }), fc.constantFrom(2 ** 40, 2 ** 62));
    const tensor = fc
      .record({
        name,
        dims: fc.array(size, { maxLength: 3 }),
        bytes: fc.uint8Array({ maxLength: 24 }),
        type: fc.nat(24),
      })
      .map(({ name, dims, bytes, type }) => ({
        name,
        dims: dims.map(BigInt),
        rawData: bytes,
        dataType: type,
      }));
    const graphs = fc.record({
      node: fc.array(one, { maxLength: 4 }),
      initializer: fc.array(fc.oneof(tensor, fc.constant(floats("w", [2], [1, 2]))), { maxLength: 2 }),
    });
    const { opened, messages } = tally(
      graphs.map((graph) => onnxFile({ ...graph, input: [port("x", [2])], output: [port("x", [2])] })),
      30_000,
    );
    expect(opened).toBeGreaterThan(1000);
    expectKinds(messages, [/given twice/, /every size must be/, /must have _ values/, /is of type/]);
  });

  it("survives any attributes and inputs of every operator, traced", () => {
    const value: fc.Arbitrary<AttributeValue> = fc.oneof(
      fc.integer({ min: -3, max: 4 }),
      fc.constantFrom("reflect", "SAME_UPPER", "bidirectional", "ij,jk->ik", "add"),
      fc.array(fc.integer({ min: -2, max: 3 }), { maxLength: 4 }),
      fc.constant<AttributeValue>({ f: 0.5 }),
      fc.constant<AttributeValue>({ t: ints("", [1], [2]) }),
      fc.constant<AttributeValue>({
        g: { node: [node("Add", ["x", "x"], ["z"])], output: [port("z", []), port("z", [])] },
      }),
    );
    const attributes = fc.dictionary(
      fc.constantFrom(
        ...[
          "axis",
          "axes",
          "perm",
          "keepdims",
          "to",
          "value",
          "mode",
          "equation",
          "direction",
          "hidden_size",
          "layout",
        ],
        ...[
          "kernel_shape",
          "strides",
          "pads",
          "dilations",
          "auto_pad",
          "group",
          "reduction",
          "body",
          "then_branch",
        ],
        ...[
          "transA",
          "transB",
          "num_outputs",
          "starts",
          "ends",
          "linear_before_reset",
          "else_branch",
          "largest",
          "upper",
        ],
      ),
      value,
      { maxKeys: 4 },
    );
    const dims = [[], [0], [1], [2], [2, 3], [3, 2], [1, 2, 3], [2, 8, 3], [2, 4, 2], [2, 2, 2, 2]];
    const known = fc
      .record({ shape: fc.constantFrom(...dims), seed: fc.nat(1000), isFloat: fc.boolean() })
      .map(({ shape, seed, isFloat }) => {
        const values = Array.from(
          { length: shape.reduce((a, b) => a * b, 1) },
          (_, i) => ((seed + 7 * i) % 9) - 3,
        );
        return isFloat ? floats("", shape, values) : ints("", shape, values);
      });
    const graphs = fc
      .record({
        operator: fc.constantFrom(...operators.keys()),
        attributes,
        known: fc.array(known, { minLength: 1, maxLength: 5 }),
        // The first operand is an input, a parameter or known.
        first: fc.constantFrom("x", "k0", "c"),
        opset: fc.constantFrom(9, 12, 13, 18, 22),
        isHuge: fc.nat(19),
      })
      .map(({ operator, attributes, known, first, opset, isHuge }) => {
        const huge = isHuge === 0 ? [ints("k1", [2], [2 ** 40, 2 ** 20])] : [];
        const names = [first, ...known.slice(1).map((_, i) => `k${i + 1}`)];
        const graph: GraphInit = {
          node: [
            node("Constant", [], ["c"], { value: { t: ints("", [2], [3, 2]) } }),
            node(operator, names, ["y"], attributes),
          ],
          initializer: [
            ...known.map((tensor, i) => ({ ...tensor, name: `k${i}` }) as ReturnType<typeof floats>),
          ].map((tensor) => huge.find(({ name }) => name === tensor.name) ?? tensor),
          input: [port("x", [2, 3])],
          output: [port("y", [])],
        };
        return onnxFile(graph, opset);
      });
    const { opened, messages } = tally(graphs, 30_000, true);
    expect(opened).toBeGreaterThan(2000);
    expectKinds(messages, [
      /must be known before the model runs/,
      /cannot be broadcast/,
      /its axis must be/,
      /at most _ elements can/,
    ]);
  });

  it("opens no more than four times the file's bytes: many empty parts are refused", () => {
    // A million nodes of two bytes each.
    const nodes = new Uint8Array(2 * 1_000_000).map((_, i) => (i % 2 === 0 ? 0x0a : 0));
    const length = [0x80, 0x89, 0x7a];
    const head = [0x08, 0x08, 0x42, 0x02, 0x10, 17, 0x3a, ...length];
    const file = new Uint8Array(head.length + nodes.length);
    file.set(head);
    file.set(nodes, head.length);
    expect(() => openOnnx(file, {})).toThrow(/the graph takes more memory than four times the file's/);
    expect(() => inspect(file)).toThrow(/more memory than four times/);
  });
});
