/** The README's code: the first block is an example run by the browser tests; every block type-checks. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import type { Sizes } from "../../bench/sizes.ts";
import { typeErrors } from "../type-errors.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string) => readFileSync(root + path, "utf8");
const readme = read("README.md");
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1]!);

/** Declarations in scope of the PyTorch comparison. */
const given = `
import {
  type data, Device, loadCheckpoint, loadSafetensors, type NDArray, manualSeed, nn, optim, saveCheckpoint, saveSafetensors, type Tensor,
  Trainer,
} from "webgpu-lstm";
declare const device: Device;
declare const x: NDArray;
declare const y: NDArray;
`;

/** Additional declarations in scope of the following blocks. */
const built = `
declare const file: Blob;
declare const model: nn.Module;
declare const embedding: nn.Embedding;
declare const gru: nn.GRU;
declare const fc: nn.Linear;
declare const criterion: nn.CrossEntropyLoss;
declare const optimizer: optim.Adam;
declare const trainer: Trainer;
declare const loader: data.DataLoader;
declare const validation: data.DataLoader;
declare const parameters: nn.Parameter[];
declare const ids: Int32Array;
declare const lengths: Int32Array;
declare const targets: Int32Array;
`;

describe("the README", () => {
  test("shows examples/quickstart.ts word for word", () => {
    expect(blocks[0]).toBe(read("examples/quickstart.ts"));
  });

  test("type-checks every block of TypeScript, and would detect a mistake", () => {
    expect(blocks.length).toBeGreaterThan(1);
    const whole = blocks.map((block) => {
      if (block.includes("import ")) return block;
      return given + (block.includes("new Forecaster()") ? "" : built) + block;
    });
    const mistaken = whole[0]!.replace("batchFirst: true", "batchfirst: true");
    expect(typeErrors([...whole, mistaken])).toEqual([
      expect.stringMatching(/'batchfirst' does not exist in type/),
    ]);
  });

  test("gives the sizes of bench/counters.json, in kB", () => {
    const { downloadedBytes } = JSON.parse(read("bench/counters.json")) as { downloadedBytes: Sizes };
    const rows = [...readme.matchAll(/^\| `(\w+)`: [^|]* \| (\d+) \| (\d+) \|$/gm)];
    const shown = rows.map(([, app, vite, esbuild]) => [
      app,
      { vite: Number(vite), esbuild: Number(esbuild) },
    ]);
    const kB = (bytes: number) => Math.round(bytes / 1000);
    const recorded = Object.entries(downloadedBytes).map(([app, { vite, esbuild }]) => [
      app,
      { vite: kB(vite), esbuild: kB(esbuild) },
    ]);
    expect(shown).toEqual(recorded);
  });

  test("links to files that exist", () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1]!);
    const ofRepository = [...readme.matchAll(/\]\((https:[^)#]+)\)/g)].flatMap(([, link]) =>
      inRepository(link!),
    );
    expect(ofRepository.length).toBeGreaterThan(10);
    for (const link of [...links, ...ofRepository])
      expect(ts.sys.fileExists(root + link) || ts.sys.directoryExists(root + link), link).toBe(true);
  });

  test("has no relative link to a file that the package leaves out", () => {
    const { files } = JSON.parse(read("package.json")) as { files: string[] };
    for (const [, link] of readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g))
      expect(files, link).toContain(link!.split("/")[0]);
  });
});

/** The file of this repository that an address leads to. */
function inRepository(link: string): string[] {
  const { repository } = JSON.parse(read("package.json")) as { repository: { url: string } };
  const name = /github\.com\/(.*)\.git$/.exec(repository.url)![1]!;
  const shown = new RegExp(`^https://github\\.com/${name}/(?:blob|tree)/main/(.*)$`).exec(link);
  const raw = new RegExp(`^https://raw\\.githubusercontent\\.com/${name}/main/(.*)$`).exec(link);
  expect(shown ?? raw, link).not.toBeNull();
  return [(shown ?? raw)![1]!];
}
