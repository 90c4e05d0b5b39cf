import { existsSync, readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { create, globals } from "webgpu";
import { Kernel, KernelCache } from "../../src/gpu/kernel.ts";
import { loadAll, OnDemand } from "../../src/ondemand.ts";
import { gru } from "../../src/ops/recurrent/gru.ts";
import { lstm } from "../../src/ops/recurrent/lstm.ts";
import { offers } from "../../src/ops/recurrent/offers-chunk.ts";
import { rnnTanh } from "../../src/ops/recurrent/rnn.ts";
import { indexingChunk } from "../../src/ops/tensor/indexing.ts";
import { linesChunk } from "../../src/ops/tensor/lines.ts";
import { pointwiseChunk } from "../../src/ops/tensor/pointwise.ts";
import { lbfgsChunk } from "../../src/optim/lbfgs.ts";
import { halfBinding } from "../../src/run/halves.ts";
import { halves } from "../../src/run/halves-chunk.ts";
import { withoutComments } from "../../tools/wgsl-comments.ts";
import {
  contractComplaints,
  type KernelWithTexts,
  paramComplaints,
  usesComplaints,
  withTexts,
} from "./shader-contract.ts";

const folder = new URL("../../shaders/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), "utf8");
/** Every shader as `room/name.wgsl`, and shared functions as `room/lib/name.wgsl` or `lib/name.wgsl`. */
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".wgsl"));
const libraryFiles = files.filter((file) => /(^|\/)lib\//.test(file));
const kernelFiles = files.filter((file) => !libraryFiles.includes(file));

const texts = new Map(files.map((file) => [file, read(file)]));

const modules = import.meta.glob<Record<string, unknown>>("../../src/**/*.ts", { eager: true });
/** Chunks of ops, with their kernels. */
const chunks = [pointwiseChunk, linesChunk, indexingChunk, lbfgsChunk];
await loadAll([offers, halves, ...chunks]);
const offered = [lstm, gru, rnnTanh].flatMap(({ cell }) =>
  (["forward", "backward"] as const).map((pass) => offers.module(cell, pass, cell.offeredTexts!)),
);
const kernels = [
  ...new Set([
    ...Object.values(modules).flatMap((module) => Object.values(module)),
    ...offered.flatMap(({ kernels }) => Object.values(kernels)),
    offered[1]!.transpose,
    halves.module.kernel,
    ...chunks.flatMap(({ module }) => Object.values<Kernel>(module.kernels)),
  ]),
].filter((value): value is Kernel => value instanceof Kernel);

describe("every kernel", () => {
  let device: GPUDevice;

  beforeAll(() => loadAll(kernels.map(({ declaration }) => declaration.texts)));

  beforeAll(async () => {
    Object.assign(globalThis, globals);
    // Dawn's null backend has the complete WGSL compiler and validation, and needs no GPU.
    // The GPU object must outlive its devices.
    const gpu = create(["backend=null"]);
    const adapter = await gpu.requestAdapter();
    expect([...adapter!.features]).toContain("subgroups");
    device = await adapter!.requestDevice({ requiredFeatures: ["subgroups"] });
    return () => {
      device.destroy();
      void gpu;
    };
  });

  test("is declared by exactly one Kernel with its file's text", () => {
    const declared = kernels.map(({ name }) => `${name}.wgsl`).sort();
    expect(declared).toEqual(kernelFiles.map((file) => file.slice(file.indexOf("/") + 1)).sort());
    for (const { name, declaration } of kernels) {
      const file = kernelFiles.find((path) => path.endsWith(`/${name}.wgsl`))!;
      expect(declaration.texts.module[name]!, name).toBe(read(file));
    }
  });

  test.each(kernels.map((kernel) => [kernel.name, kernel] as const))(
    "%s keeps the binding contract",
    (_, kernel) => {
      expect(contractComplaints(withTexts(kernel))).toEqual([]);
    },
  );

  test.each(kernels.map((kernel) => [kernel.name, kernel] as const))(
    "%s compiles without a message",
    async (_, kernel) => {
      device.pushErrorScope("validation");
      const { messages } = await device.createShaderModule({ code: kernel.code }).getCompilationInfo();
      expect(messages.map(({ type, message, lineNum }) => `${type} line ${lineNum}: ${message}`)).toEqual([]);
      await new KernelCache(device).compile([kernel]);
      expect((await device.popErrorScope())?.message).toBeUndefined();
    },
  );
});

describe("weights in half precision", () => {
  const readers = kernels.filter(({ name }) => halfBinding(name));

  test("are read by products, recurrent layers, convolutions and embeddings", () => {
    const names = readers.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["gemm_register", "gemm_shared", "gemm_rows", "gemm_lanes4"]),
    );
    expect(names).toEqual(
      expect.arrayContaining([
        "conv1d_product",
        "conv1d_split",
        "conv1d_lanes4",
        "embedding_forward",
        "matmul_batched",
      ]),
    );
    const versions = ["step", "split", "sequence", "sequence4"];
    for (const cell of ["lstm", "gru", "rnn"])
      expect(names).toEqual(expect.arrayContaining(versions.map((version) => `${cell}_${version}_forward`)));
    expect(names).toHaveLength(9 + 12);
  });

  // As it is here, and as a build leaves it.
  test.each(readers.map((kernel) => [kernel.name, kernel] as const))("%s compiles", async (name, kernel) => {
    Object.assign(globalThis, globals);
    const gpu = create(["backend=null"]);
    const device = await (await gpu.requestAdapter())!.requestDevice({ requiredFeatures: ["subgroups"] });
    const { texts, uses = [] } = kernel.declaration;
    await texts.load();
    const built = Object.fromEntries(
      [name, ...uses].map((file) => [file, withoutComments(texts.module[file]!)]),
    );
    const chunk = new OnDemand(async () => built);
    await chunk.load();
    for (const each of [kernel, new Kernel({ ...kernel.declaration, texts: chunk })]) {
      const { code } = halves.module.reader(each);
      const binding = halfBinding(name)!;
      expect(code).toMatch(new RegExp(`var<storage, ?read> ?${binding}: ?array<(u32|vec2u)>;`));
      expect(code.match(new RegExp(`(?<![\\w.])${binding}\\[`, "g"))).toHaveLength(1);
      const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
      expect(messages.map(({ message }) => message)).toEqual([]);
    }
    device.destroy();
    void gpu;
  });
});

describe("the header of every kernel", () => {
  beforeAll(() => loadAll(kernels.map(({ declaration }) => declaration.texts)));

  test.each(kernels.map((kernel) => [kernel.name, kernel] as const))(
    "%s names what it takes from each library file, and explains its params",
    (_, kernel) => {
      const own = withTexts(kernel);
      expect([...usesComplaints(own, texts), ...paramComplaints(own)]).toEqual([]);
    },
  );
});

describe("a build's shaders", () => {
  beforeAll(() => loadAll(kernels.map(({ declaration }) => declaration.texts)));

  test("have no comments and no indentation, and keep every @unroll mark", () => {
    for (const { name, declaration } of kernels) {
      for (const file of [name, ...(declaration.uses ?? [])]) {
        const text = declaration.texts.module[file]!;
        const stripped = withoutComments(text);
        const marks = (code: string) => code.match(/\/\/ @unroll/g)?.length ?? 0;
        expect(marks(stripped), name).toBe(marks(text));
        expect(stripped.match(/\/\/(?! @unroll)|^\s/m), name).toBeNull();
        const code = (lines: string) => lines.replace(/^\s*\/\/.*$/gm, "").replace(/\s/g, "");
        expect(code(stripped), name).toEqual(code(text));
      }
    }
  });
});

describe("a build's kernels", () => {
  test("compile without a message", async () => {
    Object.assign(globalThis, globals);
    const gpu = create(["backend=null"]);
    const adapter = await gpu.requestAdapter();
    const device = await adapter!.requestDevice({ requiredFeatures: ["subgroups"] });
    for (const { name, declaration } of kernels) {
      const { texts, uses = [] } = declaration;
      const built = await texts
        .load()
        .then(() =>
          Object.fromEntries([name, ...uses].map((file) => [file, withoutComments(texts.module[file]!)])),
        );
      const chunk = new OnDemand(async () => built);
      await chunk.load();
      const { code } = new Kernel({ ...declaration, texts: chunk });
      const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
      expect(
        messages.map(({ message }) => message),
        name,
      ).toEqual([]);
    }
    device.destroy();
    void gpu;
  });
});

describe("the catalogue", () => {
  const catalogue = existsSync(new URL("README.md", folder)) ? read("README.md") : "";
  /** What each row lists: files, or patterns such as `recurrent/*_gates.wgsl`. */
  const listed = [...catalogue.matchAll(/`((?:[a-z]+\/)+[a-z0-9_*]+\.wgsl)`/g)].map(([, pattern]) => ({
    pattern: pattern!,
    matches: (file: string) => new RegExp(`^${pattern!.replaceAll("*", "\\w+")}$`).test(file),
  }));

  test.each(files)("lists %s", (file) => {
    expect(listed.filter(({ matches }) => matches(file))).not.toEqual([]);
  });

  test("lists only files that exist", () => {
    expect(listed.filter(({ matches }) => !files.some(matches))).toEqual([]);
  });

  test("every library file is used and begins with a comment", () => {
    const used = kernels.flatMap(({ declaration }) => declaration.uses ?? []);
    for (const file of libraryFiles) {
      expect(used).toContain(file.replace(/^.*\/|\.wgsl$/g, ""));
      expect(read(file), file).toMatch(/^\/\/ \S/);
    }
  });
});

describe("the contract's checker sees", () => {
  const source = `// scale: a vector times a number
// grid   x: size / 64
// input, output   [size]
struct Params { size: u32, factor: f32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;
@compute @workgroup_size(64) fn scale(@builtin(global_invocation_id) id: vec3u) { output[id.x] = params.factor * input[id.x]; }
`;
  const sound: KernelWithTexts = {
    name: "scale",
    source,
    library: [],
    workgroup: [64, 1, 1],
    params: { size: "u32", factor: "f32" },
    bindings: { input: "read", output: "read_write" },
  };

  test("no complaint about a valid kernel", () => expect(contractComplaints(sound)).toEqual([]));

  test.each([
    ["another name", { name: "scaled" }, /entry points: declared \["scaled"\]/],
    ["another workgroup", { workgroup: [8, 8, 1] }, /workgroup size/],
    ["params in another order", { params: { factor: "f32", size: "u32" } }, /params/],
    ["a param of another type", { params: { size: "f32", factor: "f32" } }, /params/],
    ["a missing param", { params: { size: "u32" } }, /params/],
    ["bindings in another order", { bindings: { output: "read_write", input: "read" } }, /storage bindings/],
    ["another access", { bindings: { input: "read_write", output: "read_write" } }, /storage bindings/],
    ["no header", { source: source.replace(/^\/\/.*\n/gm, "") }, /must begin with/],
    [
      "an undescribed binding",
      { source: source.replace("input, output", "output") },
      /nothing of the binding input/,
    ],
    ["nine buffers", { source: nine(source), bindings: nineBindings() }, /9 storage buffers/],
  ] as [string, Partial<typeof sound>, RegExp][])("%s", (_, change, complaint) => {
    expect(contractComplaints({ ...sound, ...change }).join("\n")).toMatch(complaint);
  });
});

describe("the checker of headers sees", () => {
  const half = "// half: a number by two\n// needs: two\n\nfn half(x: f32) -> f32 { return x / two(); }\n";
  const quarter =
    "// quarter: a number by four\n// uses: lib/half (half)\n\nfn quarter(x: f32) -> f32 { return half(half(x)); }\n";
  const source = `// scale: a vector by eight
// uses: lib/half (half),
//   lib/quarter (quarter)
// provides: two

fn two() -> f32 { return 2.0; }
fn scale(x: f32) -> f32 { return half(quarter(x)); }
`;
  const complaints = (
    change: { readonly source?: string; readonly half?: string; readonly quarter?: string },
    library = [change.half ?? half, change.quarter ?? quarter],
  ) => {
    const [first, second] = library;
    const files = new Map([
      ["lib/half.wgsl", first ?? ""],
      ["lib/quarter.wgsl", second ?? ""],
    ]);
    return usesComplaints({ name: "scale", source: change.source ?? source, library }, files);
  };

  test("nothing wrong where they are right", () => expect(complaints({})).toEqual([]));

  test.each([
    [
      "a library file that is not named",
      { source: source.replace(",\n//   lib/quarter (quarter)", "") },
      'scale: "uses" does not name lib/quarter.wgsl',
    ],
    [
      "a function that nobody calls",
      { source: source.replace("(quarter)", "(quarter, third)") },
      'scale: "uses" of lib/quarter.wgsl names third without need',
    ],
    [
      "a function that is not named",
      { source: source.replace("(half)", "()") },
      'scale: "uses" of lib/half.wgsl does not name half',
    ],
    [
      "a function that is not said to be provided",
      { source: source.replace("// provides: two\n", "") },
      'scale: "provides" does not name two',
    ],
    [
      "a library's need that nothing meets",
      { half: half.replace("needs: two", "needs: two, three") },
      "scale: lib/half.wgsl needs three, which nothing provides",
    ],
    [
      "a library's need that is not named",
      { half: half.replace("// needs: two\n", "") },
      'scale: "uses" in lib/half.wgsl does not name two of scale.wgsl',
    ],
    [
      "a library's use that is not named",
      { quarter: quarter.replace("// uses: lib/half (half)\n", "") },
      'scale: "uses" in lib/quarter.wgsl does not name half of lib/half.wgsl',
    ],
  ])("%s", (_, change, complaint) => {
    expect(complaints(change)).toContain(complaint);
  });

  test("a library file that the kernel is not compiled with", () => {
    expect(complaints({}, [half])).toContain('scale: "uses" names lib/quarter.wgsl without need');
  });

  test("a param that no header explains", () => {
    const params = { eight: "u32", nine: "u32" } as const;
    expect(paramComplaints({ name: "scale", source, library: [], params })).toEqual([
      "scale: no header says anything about the param nine",
    ]);
  });
});

/** The source with seven more buffers. */
function nine(source: string): string {
  const more = Array.from(
    { length: 7 },
    (_, i) => `@group(0) @binding(${i + 3}) var<storage, read> b${i}: array<f32>;`,
  );
  return `${source}${more.join("\n")}\n`;
}

function nineBindings(): KernelWithTexts["bindings"] {
  const more = Array.from({ length: 7 }, (_, i) => [`b${i}`, "read"] as const);
  return { input: "read", output: "read_write", ...Object.fromEntries(more) };
}
