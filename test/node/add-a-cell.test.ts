/** docs/add-a-cell.md: its files, as they stand there, fit the library. */
import { existsSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { create, globals } from "webgpu";
import { Kernel, KernelCache } from "../../src/gpu/kernel.ts";
import { loadAll } from "../../src/ondemand.ts";
import { typeErrors } from "../type-errors.ts";
import { contractComplaints, paramComplaints, usesComplaints, withTexts } from "./shader-contract.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const onDisk = (path: string) => readFileSync(root + path, "utf8");
const page = onDisk("docs/add-a-cell.md");

/** The files of the page's table. */
const listed = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]!);
/** A file that is there gets a line, and the others are whole blocks, each after the last mention of a path. */
const whole = new Map(
  [...page.matchAll(/^```(?:ts|wgsl)\n(.*?)^```/gms)].map(({ 1: text, index }) => {
    const before = [...page.slice(0, index).matchAll(/`((?:src|shaders|test)\/[\w/.-]+)`/g)];
    const paths = before.map((match) => match[1]!).filter((path) => !existsSync(root + path));
    return [paths.at(-1)!, text!];
  }),
);
const line = (path: string) =>
  new RegExp(`\`${path}\`[^]*?\\n {4}(.+)\\n`).exec(page.slice(page.indexOf("## 1.")))![1]!;

/** The kernels that the page's cell declares, with the texts that its chunk exports. */
async function kernelsOfPage(): Promise<Kernel[]> {
  const cell = "src/ops/recurrent/mgu.ts";
  const modules = import.meta.glob<Record<string, unknown>>(
    "../../src/{ondemand,gpu/kernel,ops/recurrent/*}.ts",
    {
      eager: true,
    },
  );
  const folder = posix.dirname(cell);
  const required = (name: string): unknown => {
    const file = posix.join(folder, name.replace(/\?raw$/, ""));
    if (name.endsWith("?raw")) return { default: whole.get(file) ?? onDisk(file) };
    return whole.has(file) ? run(file) : modules[`../../${file}`];
  };
  const wrapped = (name: string) => ({ __esModule: true, ...(required(name) as object) });
  const run = (path: string): Record<string, unknown> => {
    const { outputText } = ts.transpileModule(whole.get(path)!, {
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        esModuleInterop: true,
      },
    });
    const exported: Record<string, unknown> = {};
    new Function("require", "exports", outputText)(wrapped, exported);
    return exported;
  };
  const kernels = Object.values(run(cell)).filter((value): value is Kernel => value instanceof Kernel);
  await loadAll(kernels.map(({ declaration }) => declaration.texts));
  return kernels;
}

describe("Add a cell", () => {
  let kernels: Kernel[];
  beforeAll(async () => {
    kernels = await kernelsOfPage();
  });

  test("takes at most eight files: those of the blocks, and a line in one that is there", () => {
    expect(listed.length).toBeLessThanOrEqual(8);
    const changed = listed.filter((path) => existsSync(root + path));
    expect(changed).toEqual(["src/nn/index.ts"]);
    expect([...whole.keys()].sort()).toEqual(listed.filter((path) => !changed.includes(path)).sort());
  });

  test("type-checks, and a mistake would be seen", () => {
    const index = "src/nn/index.ts";
    const texts = new Map([...whole].filter(([path]) => path.endsWith(".ts")));
    texts.set(index, `${onDisk(index)}${line(index)}\n`);
    expect(typeErrors(texts)).toEqual([]);
    const layer = "src/nn/mgu.ts";
    texts.set(layer, texts.get(layer)!.replace("last.h", "last.hidden"));
    expect(typeErrors(texts)).toEqual([expect.stringMatching(/'hidden' does not exist on type/)]);
  });

  test("declares kernels that keep the contract", () => {
    const shaders = [...whole].filter(([path]) => path.endsWith(".wgsl"));
    expect(kernels.map(({ name }) => `shaders/recurrent/${name}.wgsl`).sort()).toEqual(
      shaders.map(([path]) => path).sort(),
    );
    const libraries = ["lib/activations.wgsl", "recurrent/lib/sequence_lengths.wgsl"];
    const files = new Map(libraries.map((path) => [path, onDisk(`shaders/${path}`)]));
    for (const kernel of kernels) {
      const texts = withTexts(kernel);
      expect(contractComplaints(texts)).toEqual([]);
      expect([...usesComplaints(texts, files), ...paramComplaints(texts)]).toEqual([]);
    }
  });

  test("has kernels that compile without a message", async () => {
    Object.assign(globalThis, globals);
    const gpu = create(["backend=null"]);
    const adapter = await gpu.requestAdapter();
    const device = await adapter!.requestDevice();
    device.pushErrorScope("validation");
    for (const kernel of kernels) {
      const { messages } = await device.createShaderModule({ code: kernel.code }).getCompilationInfo();
      expect(messages.map(({ message }) => message)).toEqual([]);
    }
    await new KernelCache(device).compile(kernels);
    expect((await device.popErrorScope())?.message).toBeUndefined();
    device.destroy();
  });
});
