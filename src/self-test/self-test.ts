/**
 * Trains a small model on a device and compares every number with PyTorch's. The model is recorded as dispatches, so that it needs nothing
 * of the library but its kernels. Loads on demand, and imports types and texts alone.
 */
import type { DeviceBuffer } from "../gpu/buffer.ts";
import type { GpuContext } from "../gpu/context.ts";
import type { BufferRange, Kernel, KernelDeclaration } from "../gpu/kernel.ts";
import type { StagingPool } from "../gpu/staging.ts";
import type { OnDemand } from "../ondemand.ts";
import type { VersionPins } from "../ops/op.ts";
import { parts } from "./parts.ts";
import { productFault, VERSIONS } from "./products.ts";
import { programs } from "./programs.ts";

/** Largest error of a number, as a share of its tensor's largest: rounding is a hundred times below it. */
const MOST_ERROR = 1e-4;

/** Lanes of a subgroup that some kernels are made for. */
const LANES = 4;

/** Dynamic offsets of uniform buffers, and the bytes of a binding that is not used. */
const ALIGNMENT = 256;

/** Unused bindings of a kernel at most. */
const UNUSED = 8;

/** Classes of the main file. */
export interface Classes {
  readonly KernelOf: typeof Kernel;
  readonly Staging: typeof StagingPool;
  readonly Texts: typeof OnDemand;
  readonly Fault: new (message: string) => Error;
}

type Texts = Readonly<Record<string, string>>;

/** Texts of the kernels that are tested; those for subgroups of four lanes, and for few rows, where they are used. */
async function loadTexts(lanes4: boolean, rows: boolean): Promise<Texts> {
  const chunks: Texts[] = await Promise.all([
    import("../ops/base.wgsl.ts"),
    import("../ops/loss/pointwise-loss.wgsl.ts"),
    import("../ops/product/weight-gradient.wgsl.ts"),
    import("../ops/recurrent/gru-backward.wgsl.ts"),
    import("../ops/recurrent/gru-forward.wgsl.ts"),
    import("../ops/recurrent/lstm-backward.wgsl.ts"),
    import("../ops/recurrent/lstm-forward.wgsl.ts"),
    import("../ops/update/sgd.wgsl.ts"),
    ...(lanes4
      ? [
          import("../ops/product/gemm-lanes4.wgsl.ts"),
          import("../ops/recurrent/gru-sequence4.wgsl.ts"),
          import("../ops/recurrent/lstm-sequence4.wgsl.ts"),
        ]
      : []),
    ...(rows ? [import("../ops/product/gemm-rows.wgsl.ts")] : []),
  ]);
  return Object.assign({}, ...chunks) as Texts;
}

const numbersOf = (text: string, separator: string) => text.split(separator).map(Number);

/** The recording's lines as words. */
const linesOf = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => line.split(" "));

/** One of the recorded programs. */
class Recorded {
  readonly gemm: string;
  readonly recurrent: string;
  /** Bytes of its buffers. */
  readonly bytes: readonly number[];
  readonly lines: string[][] = [];

  constructor([, gemm, recurrent, bytes]: readonly string[]) {
    this.gemm = gemm!;
    this.recurrent = recurrent!;
    this.bytes = numbersOf(bytes!, ",");
  }

  /** Whether the device can run it, and would with these pins. */
  isOffered({ facts }: GpuContext, pins: VersionPins): boolean {
    const { gemm, recurrent } = this;
    const hasLanes4 = facts.subgroupSize === LANES;
    if (gemm === "lanes4" && !hasLanes4) return false;
    // A pinned version that cannot run is replaced by the first; `rows` cannot where there are many.
    const isReplaced = pins.gemm === "rows" || (pins.gemm === "lanes4" && !hasLanes4);
    const pin = isReplaced ? "register" : pins.gemm;
    if (pin && pin !== gemm) return false;
    if (recurrent === "cell") return true;
    return pins.recurrent ? pins.recurrent === recurrent : facts.software;
  }
}

/** What the programs share. */
class Parts {
  readonly kernels: Kernel[] = [];
  readonly values: number[][] = [];

  constructor({ KernelOf, Texts }: Classes, texts: Texts) {
    const chunk = new Texts(async () => texts);
    const list = (text: string) => (text === "-" ? [] : text.split(","));
    const record = (text: string) => Object.fromEntries(list(text).map((pair) => pair.split(":")));
    for (const [word, ...words] of linesOf(parts)) {
      if (word === "values") {
        this.values.push(words.map(Number));
        continue;
      }
      const [name, uses, workgroup, params, bindings, constants] = words as [string, ...string[]];
      const numbers = Object.entries(record(constants!)).map(([key, value]) => [key, Number(value)]);
      const declaration = {
        name,
        texts: chunk,
        uses: list(uses!),
        workgroup: numbersOf(workgroup!, ","),
        params: record(params!),
        bindings: record(bindings!),
        constants: Object.fromEntries(numbers),
      };
      this.kernels.push(new KernelOf(declaration as unknown as KernelDeclaration<string, string>));
    }
  }

  /** A list of values, or the difference of two. */
  valuesOf(text: string): number[] {
    const [list, other] = numbersOf(text, "-").map((number) => this.values[number]!);
    return list!.map((value, i) => value - (other?.[i] ?? 0));
  }
}

/** Runs a program, whose kernels are compiled, and gives what is wrong with it. */
async function faultOf(
  context: GpuContext,
  { lines, bytes }: Recorded,
  shared: Parts,
  staging: StagingPool,
): Promise<string | null> {
  const of = (word: string) => lines.filter((line) => line[0] === word).map((line) => line.slice(1));
  const dispatches = of("dispatch");
  const allocate = (size: number) => context.allocate("activation", size, "self test");
  const buffers = bytes.map(allocate);
  const unused = { read: allocate(UNUSED * ALIGNMENT), read_write: allocate(UNUSED * ALIGNMENT) };
  const uniforms = context.allocateUniforms(dispatches.length * ALIGNMENT, "self test");
  for (const [buffer, offset, values] of of("write") as [string, string, string][]) {
    context.write(buffers[Number(buffer)]!, Number(offset), Float32Array.from(shared.valuesOf(values)));
  }
  const packed = new DataView(new ArrayBuffer(uniforms.bytes));
  const groups = new Map<string, never>();
  const prepared = dispatches.map(([, params, ranges, grid], i) => {
    const kernel = shared.kernels[Number(dispatches[i]![0])]!;
    const names = Object.keys(kernel.declaration.params);
    const values = numbersOf(params!, ",");
    kernel.packParams(Object.fromEntries(names.map((name, k) => [name, values[k]!])), packed, i * ALIGNMENT);
    const access = Object.values(kernel.declaration.bindings);
    const storage = ranges!.split(",").map((range, k): BufferRange => {
      if (range === "-") return { buffer: unused[access[k]!], offset: k * ALIGNMENT, bytes: ALIGNMENT };
      const [buffer, offset, size] = numbersOf(range, ":") as [number, number, number];
      return { buffer: buffers[buffer]!, offset, bytes: size };
    });
    const workgroups = numbersOf(grid!, ",") as [number, number, number];
    return context.kernels.prepare(kernel, uniforms, i * ALIGNMENT, storage, workgroups, groups);
  });
  context.write(uniforms, 0, packed);
  context.submit(prepared);
  const results = await Promise.all(
    buffers.map((buffer: DeviceBuffer) => staging.read(buffer, 0, buffer.bytes / 4)),
  );
  for (const [buffer, offset, values, ...what] of of("want") as [string, string, string, ...string[]][]) {
    const wanted = shared.valuesOf(values);
    const start = Number(offset) / 4;
    const got = results[Number(buffer)]!.subarray(start, start + wanted.length);
    const largest = Math.max(...wanted.map(Math.abs));
    const worst = wanted.findIndex((value, i) => !(Math.abs(got[i]! - value) <= MOST_ERROR * largest));
    if (worst < 0) continue;
    const error = Math.abs(got[worst]! - wanted[worst]!);
    return `${what.join(" ")} has ${got[worst]} instead of ${wanted[worst]}, an error of ${error.toPrecision(3)}`;
  }
  return null;
}

/**
 * Trains one step by every version of products that the device can run, and computes larger products by each. LSTM and GRU run by version
 * `cell`; on an adapter where no other version is compared with it before use, by those too.
 * @param context Holds all memory of the test, for the caller to dispose.
 * @param where The call that errors name.
 * @throws AdapterFaultError naming the first tensor that is wrong.
 */
export async function selfTest(
  context: GpuContext,
  pins: VersionPins,
  where: string,
  classes: Classes,
): Promise<void> {
  const { subgroupSize, software } = context.facts;
  const hasRows = pins.gemm ? pins.gemm === "rows" : !software;
  const shared = new Parts(classes, await loadTexts(subgroupSize === LANES, hasRows));
  const recorded: Recorded[] = [];
  for (const line of linesOf(programs)) {
    if (line[0] === "program") recorded.push(new Recorded(line));
    else recorded.at(-1)!.lines.push(line);
  }
  const offered = recorded.filter((program) => program.isOffered(context, pins));
  const dispatches = offered.flatMap(({ lines }) => lines.filter(([word]) => word === "dispatch"));
  const versions = new Set([...offered.map(({ gemm }) => gemm), ...(hasRows ? ["rows"] : [])]);
  const products = (Object.keys(VERSIONS) as (keyof typeof VERSIONS)[])
    .filter((version) => versions.has(version))
    .map((version) => ({
      version,
      kernel: shared.kernels.find(({ name }) => name === VERSIONS[version].kernel)!,
    }));
  await context.kernels.compile([
    ...dispatches.map(([, kernel]) => shared.kernels[Number(kernel)]!),
    ...products.map(({ kernel }) => kernel),
  ]);
  const staging = new classes.Staging(context, "self test");
  const check = (gemm: string, recurrent: string, fault: string | null) => {
    if (fault === null) return;
    const others = [
      ...(gemm === "register" ? [] : ['gemm: "register"']),
      ...(recurrent === "cell" ? [] : ['recurrent: "cell"']),
    ].join(", ");
    throw new classes.Fault(
      `${where}: this adapter computes wrong numbers: in a self test with the versions ${gemm} and ${recurrent}, ${fault}; update the ` +
        "graphics driver, try another browser, or another GPU by powerPreference" +
        `${others && `, or { versions: { ${others} } }`}; { selfTest: false } goes on at your own risk`,
    );
  };
  for (const program of offered)
    check(program.gemm, program.recurrent, await faultOf(context, program, shared, staging));
  for (const { version, kernel } of products)
    check(version, "cell", await productFault(context, kernel, version, staging, MOST_ERROR));
}
