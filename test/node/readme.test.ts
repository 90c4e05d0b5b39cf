/** The README's code: the first block is an example run by the browser tests; every block type-checks. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { Sizes } from "../../bench/sizes.ts";
import { typeErrors } from "../type-errors.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string) => readFileSync(root + path, "utf8");
const readme = read("README.md");
const blocks = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1]!);

/** Declarations in scope of the blocks that import nothing. */
const given = `
import { type Device, loadSafetensors, type NDArray, nn, type optim, type Tensor } from "webgpu-lstm";
declare const [device, file, x, y]: [Device, Blob, NDArray, NDArray];
declare const model: nn.Module & { forward(x: Tensor): Tensor };
declare const [criterion, optimizer]: [nn.CrossEntropyLoss, optim.Adam];
`;

describe("the README", () => {
  test("shows examples/quickstart.ts word for word", () => {
    expect(blocks[0]).toBe(read("examples/quickstart.ts"));
  });

  test("type-checks every block of TypeScript, and would detect a mistake", () => {
    expect(blocks.length).toBeGreaterThan(1);
    const whole = blocks.map((block) => (block.includes("import ") ? block : given + block));
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

  test("links to files that npm packs", () => {
    const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1]!);
    expect(links.length).toBeGreaterThan(20);
    const packed = packedFiles();
    for (const link of links)
      expect(
        packed.some((path) => path === link || path.startsWith(link.replace(/\/?$/, "/"))),
        link,
      ).toBe(true);
  });
});

/** What `npm pack` would pack of what is there already: `dist/` may not be. */
function packedFiles(): string[] {
  const settings = { cwd: root, encoding: "utf8", shell: process.platform === "win32" } as const;
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], settings),
  ) as [{ files: { path: string }[] }];
  return packed.files.map(({ path }) => path);
}
