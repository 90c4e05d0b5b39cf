/**
 * Writes src/self-test/parts.ts and programs.ts: one training step of a small model as the kernels, buffers and dispatches of its programs, with the
 * numbers that PyTorch computes for it (`test/goldens/self_test.json`). So a self test needs nothing of the library but its kernels.
 * Run from the repository root: `node tools/run.mjs tools/make-self-test.ts`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { create, globals } from "webgpu";
import { type AdapterFacts, Device, type DeviceOptions, nn, optim } from "webgpu-lstm";

const FOLDER = new URL("../src/self-test/", import.meta.url);
const GOLDEN = new URL("../test/goldens/self_test.json", import.meta.url);

/** Time steps and batch rows. */
const STEPS = 3;
const BATCH = 3;

/** Numbers of the input and the target in the formula; parameters are numbered from 0, in PyTorch's order. */
const X = 20;
const Y = 21;

/** Values are multiples of one part in so many. */
const PARTS = 32;

/** What to plan for: only the subgroups matter, as the versions are pinned. */
const facts: AdapterFacts = {
  gflops: 100,
  gloads: 10,
  barrierMicros: 1,
  dispatchMicros: 10,
  workgroups: 4,
  subgroupSize: 4,
  software: true,
};

type Versions = NonNullable<DeviceOptions["versions"]>;

/** The programs, by the versions that they are planned with. */
const PROGRAMS = [
  { gemm: "register", recurrent: "cell" },
  { gemm: "shared", recurrent: "cell" },
  { gemm: "register", recurrent: "step" },
  { gemm: "lanes4", recurrent: "sequence4" },
] as const satisfies readonly Versions[];

/** The values of tensor number `tensor`, as tools/make_self_test.py has them. */
export function values(tensor: number, size: number): Float32Array {
  const number = (i: number) => ((i * i * 7 + i * 31 + tensor * 17) % 51) - 25;
  return Float32Array.from({ length: size }, (_, i) => number(i) / PARTS);
}

Object.assign(globalThis, globals);

/** It computes nothing. Dawn ends the process if it is collected. */
const gpu = create(["backend=null"]);

/** A device with subgroups of four lanes. */
async function openNull(versions: Versions): Promise<Device> {
  const adapter = (await gpu.requestAdapter())!;
  const native = await adapter.requestDevice({ requiredFeatures: ["subgroups"] });
  const info = { vendor: "", architecture: "null", device: "", description: "" };
  Object.defineProperty(native, "adapterInfo", {
    value: { ...info, subgroupMinSize: 4, subgroupMaxSize: 4 },
  });
  return Device.from(native, { facts, versions });
}

/** Buffers by what they are the memory of: a DeviceBuffer or an operand. */
class Buffers {
  readonly #indices = new Map<object, number>();
  readonly bytes: number[] = [];

  indexOf(owner: object, bytes: number): number {
    const known = this.#indices.get(owner);
    if (known !== undefined) return known;
    this.#indices.set(owner, this.bytes.length);
    return this.bytes.push(bytes) - 1;
  }
}

/** Lines that programs share, each with its number. */
class Shared {
  readonly #word: string;
  readonly lines = new Map<string, number>();

  /** @param word What the lines begin with. */
  constructor(word: string) {
    this.#word = word;
  }

  numberOf(text: string): number {
    const line = `${this.#word} ${text}`;
    const number = this.lines.get(line) ?? this.lines.size;
    this.lines.set(line, number);
    return number;
  }
}

/** One program as lines: buffers with what is written to them, dispatches, and what must come out. */
async function record(versions: Versions, kernels: Shared, lists: Shared): Promise<string[]> {
  const golden = JSON.parse(readFileSync(GOLDEN, "utf8")) as Record<string, number[]>;
  const device = await openNull(versions);
  const lstm = new nn.LSTM(3, 7);
  const gru = new nn.GRU(7, 5);
  const fc = new nn.Linear(5, 2);
  const named = Object.entries({ lstm, gru, fc }).flatMap(([layer, module]) =>
    [...module.namedParameters()].map(([name, parameter]) => [`${layer}.${name}`, parameter] as const),
  );
  const criterion = new nn.MSELoss({ reduction: "sum" });
  const step = await device.compile(
    ({ x, y }) => {
      const prediction = fc.forward(gru.forward(lstm.forward(x).output).output);
      return { loss: criterion.forward(prediction, y), prediction };
    },
    {
      inputs: { x: [STEPS, BATCH, 3], y: [STEPS, BATCH, 2] },
      optimizer: new optim.SGD(
        named.map(([, parameter]) => parameter),
        { lr: 1 },
      ),
      minimize: "loss",
    },
  );
  const { source } = step.program;
  const buffers = new Buffers();
  type Operand = { readonly elements: number; readonly storage: { root: Operand; offset: number } };
  type Range = {
    readonly buffer: { readonly bytes: number };
    readonly offset: number;
    readonly bytes: number;
  };
  type Arena = { readonly values: Range["buffer"]; readonly gradients: Range["buffer"] };
  type Home = { readonly arena: Arena; readonly offset: number; range(buffer: Range["buffer"]): Range };
  const placed = source.placed as unknown as ReadonlyMap<Operand, Range>;
  const homeOf = (tensor: unknown) => (tensor as { readonly home?: Home | null }).home;
  const rangeOf = (operand: Operand) => {
    const { root, offset } = operand.storage;
    const home = homeOf(root);
    const range = placed.get(root) ?? home?.range(home.arena.values);
    const index = range
      ? buffers.indexOf(range.buffer, range.buffer.bytes)
      : buffers.indexOf(root, Math.ceil(root.elements / 4) * 16);
    const start = range?.offset ?? 0;
    if (operand === root) return [index, start, range?.bytes ?? buffers.bytes[index]!];
    return [index, start + offset * 4, operand.elements * 4];
  };
  const numbers = (list: Iterable<number>) =>
    lists.numberOf([...list].map((value) => `${Number(value.toPrecision(7))}`).join(" "));
  const lines: string[] = [];
  const write = (operand: Operand, data: Float32Array) => {
    const [index, start] = rangeOf(operand);
    lines.push(`write ${index} ${start} ${numbers(data)}`);
  };
  const want = (what: string, [index, start]: readonly number[], list: string | number) =>
    lines.push(`want ${index} ${start} ${list} ${what}`);
  const tensorOf = (tensor: unknown) => tensor as Operand;

  write(tensorOf(source.inputs.get("x")), values(X, STEPS * BATCH * 3));
  write(tensorOf(source.inputs.get("y")), values(Y, STEPS * BATCH * 2));
  for (const [root, data] of source.graph.literals) write(tensorOf(root), data);
  const packed = named.map(([name, parameter], i) => {
    const pack = (data: Float32Array) => parameter.layout?.pack(data) ?? data;
    const before = pack(values(i, golden[name]!.length));
    write(parameter, before);
    return { name, home: homeOf(parameter)!, before, gradient: pack(Float32Array.from(golden[name]!)) };
  });
  for (const { kernel, params, bindings, grid } of source.dispatches) {
    const { name, declaration } = kernel;
    const { uses = [], workgroup, constants = {} } = declaration;
    const pairs = (record: object) => Object.entries(record).map(([key, value]) => `${key}:${value}`);
    const parts = [uses, workgroup, pairs(declaration.params), pairs(declaration.bindings), pairs(constants)];
    const number = kernels.numberOf([name, ...parts.map((part) => part.join(",") || "-")].join(" "));
    const uniform = typeof params === "function" ? params() : params;
    const ranges = Object.keys(declaration.bindings).map((binding) => {
      const operand = bindings[binding];
      return operand ? rangeOf(operand as unknown as Operand).join(":") : "-";
    });
    const inOrder = Object.keys(declaration.params).map((param) => uniform[param]);
    lines.push(`dispatch ${number} ${inOrder.join(",")} ${ranges.join(",")} ${grid.join(",")}`);
  }
  for (const name of ["loss", "prediction"] as const) {
    want(`the ${name}`, rangeOf(tensorOf(source.outputs.get(name))), numbers(golden[name]!));
  }
  for (const { name, home, before, gradient } of packed) {
    const of = ({ buffer, offset }: Range) => [buffers.indexOf(buffer, buffer.bytes), offset];
    const change = numbers(gradient);
    want(`the gradient of ${name}`, of(home.range(home.arena.gradients)), change);
    want(`${name} after an update`, of(home.range(home.arena.values)), `${numbers(before)}-${change}`);
  }
  step.dispose();
  device.dispose();
  return [`program ${versions.gemm} ${versions.recurrent} ${buffers.bytes.join(",")}`, ...lines];
}

/** The texts of the files in src/self-test/ that hold the recording, by name. */
export async function recordSelfTest(): Promise<Record<string, string>> {
  const kernels = new Shared("kernel");
  const lists = new Shared("values");
  const programs: string[] = [];
  for (const versions of PROGRAMS) programs.push(...(await record(versions, kernels, lists)));
  // Its products are in products.ts, which takes the kernel from here.
  await record({ gemm: "rows", recurrent: "cell" }, kernels, lists);
  const shared = [...kernels.lines.keys(), ...lists.lines.keys()];
  return {
    "parts.ts": `/**
 * What the programs of the self test share: kernels, and lists of values with PyTorch's numbers in float64 among them. Made by
 * tools/make-self-test.ts. A line is one of
 *
 *     kernel NAME USES WORKGROUP PARAMS BINDINGS CONSTANTS
 *     values NUMBERS
 */
export const parts = \`
${shared.join("\n")}
\`;
`,
    "programs.ts": `/**
 * A training step of LSTM(3 → 7), GRU(7 → 5) and Linear(5 → 2), planned with several versions. Made by tools/make-self-test.ts. A line is
 * one of
 *
 *     program GEMM RECURRENT BYTES           its versions, and the bytes of its buffers; the lines of the program follow
 *     write BUFFER OFFSET VALUES             KERNEL and VALUES are numbers of such lines in parts.ts
 *     dispatch KERNEL PARAMS RANGES GRID     a range is BUFFER:OFFSET:BYTES
 *     want BUFFER OFFSET VALUES WHAT         VALUES may be the difference of two lists: 3-14
 */
export const programs = \`
${programs.join("\n")}
\`;
`,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(await recordSelfTest()))
    writeFileSync(new URL(name, FOLDER), text);
  process.exit();
}
