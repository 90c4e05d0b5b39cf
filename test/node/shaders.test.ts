import { existsSync, readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { create, globals } from "webgpu";
import { Kernel, KernelCache, type KernelDeclaration } from "../../src/gpu/kernel.ts";
import { loadAll } from "../../src/ondemand.ts";
import { withoutComments } from "../../tools/wgsl-comments.ts";
import { contractComplaints } from "./shader-contract.ts";

const folder = new URL("../../shaders/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), "utf8");
/** Every shader as `room/name.wgsl`, and shared functions as `room/lib/name.wgsl` or `lib/name.wgsl`. */
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".wgsl"));
const libraryFiles = files.filter((file) => /(^|\/)lib\//.test(file));
const kernelFiles = files.filter((file) => !libraryFiles.includes(file));

const modules = import.meta.glob<Record<string, unknown>>("../../src/**/*.ts", { eager: true });
const kernels = [...new Set(Object.values(modules).flatMap((module) => Object.values(module)))].filter(
  (value): value is Kernel => value instanceof Kernel,
);

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
      const { texts, uses = [] } = kernel.declaration;
      const library = uses.map((name) => texts.module[name]!);
      expect(contractComplaints(kernel.declaration, texts.module[kernel.name]!, library)).toEqual([]);
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

describe("a build's shaders", () => {
  test("have no comment lines and no indentation, and keep every @unroll mark", () => {
    for (const { name, declaration } of kernels) {
      for (const file of [name, ...(declaration.uses ?? [])]) {
        const text = declaration.texts.module[file]!;
        const stripped = withoutComments(text);
        const marks = (code: string) => code.match(/\/\/ @unroll/g)?.length ?? 0;
        expect(marks(stripped), name).toBe(marks(text));
        expect(stripped.match(/^\s*\/\/(?! @unroll)/m), name).toBeNull();
        const code = (lines: string) =>
          lines
            .split("\n")
            .map((line) => line.trim())
            .filter((line) => line !== "" && !line.startsWith("//"));
        expect(code(stripped), name).toEqual(code(text));
      }
    }
  });
});

describe("the catalogue", () => {
  const catalogue = existsSync(new URL("README.md", folder)) ? read("README.md") : "";
  test.each(files)("lists %s", (file) => {
    expect(catalogue).toContain(`\`${file.replace(/\.wgsl$/, "")}`);
  });

  test("lists only files that exist", () => {
    const listed = [...catalogue.matchAll(/`((?:[a-z]+\/)+[a-z0-9_]+)\.wgsl`/g)].map(
      (match) => `${match[1]}.wgsl`,
    );
    expect(listed.filter((file) => !files.includes(file))).toEqual([]);
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
  const sound: Omit<KernelDeclaration<string, string>, "texts"> & { readonly source: string } = {
    name: "scale",
    source,
    workgroup: [64, 1, 1],
    params: { size: "u32", factor: "f32" },
    bindings: { input: "read", output: "read_write" },
  };

  test("no complaint about a valid kernel", () =>
    expect(contractComplaints(sound, sound.source)).toEqual([]));

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
    const declaration = { ...sound, ...change };
    expect(contractComplaints(declaration, declaration.source).join("\n")).toMatch(complaint);
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

function nineBindings(): KernelDeclaration<string, string>["bindings"] {
  const more = Array.from({ length: 7 }, (_, i) => [`b${i}`, "read"] as const);
  return { input: "read", output: "read_write", ...Object.fromEntries(more) };
}
