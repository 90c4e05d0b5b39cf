/** The tables of number types in docs/formats.md: made here from small files of each type, which every reader opens or refuses by name. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { saveSafetensors, WebGpuLstmError } from "webgpu-lstm";
import { inspect, saveTorch } from "webgpu-lstm/formats";
import {
  inKeras,
  inOnnx,
  inSafetensors,
  inTfjs,
  inTorch,
  type Name,
  type Numbers,
  names,
  numbers,
  type Open,
  type Readers,
} from "../number-types.ts";
import { wrong } from "../refusal.ts";

/** What `open` gives, or the words for its refusal. */
async function numbersOr(
  open: Open,
  bytes: Uint8Array<ArrayBuffer>,
  kind: keyof Numbers,
): Promise<readonly unknown[] | null> {
  try {
    return Array.from(await open(bytes, kind));
  } catch (error) {
    if (!(error instanceof WebGpuLstmError)) throw error;
    expect(error.message).toMatch(/^load\w+: /);
    return null;
  }
}

/** What a reader makes of a type. */
async function stateOf(open: Open, { plain, fine, huge }: Numbers): Promise<string> {
  const own = await numbersOr(open, plain, "plain");
  if (!own) return "refused";
  expect(own.map(Number)).toEqual([1, 0]);
  if (!fine) return "exact";
  const [number] = (await numbersOr(open, fine, "fine")) ?? [];
  const rounds = number !== undefined && !huge && number === 2 ** 24;
  if (number === undefined) return "exact, or refused";
  if (Number(number) === 2 ** 24 + 1 || number === 0.1) {
    expect(await (huge ? numbersOr(open, huge, "huge") : null)).toEqual(huge ? [1e300, 0] : null);
    return "exact";
  }
  expect(rounds || number === Math.fround(0.1)).toBe(true);
  if (!huge) return "rounded";
  expect(await numbersOr(open, huge, "huge")).toBe(null);
  return "rounded, or refused";
}

/** The same of all the ways to write a type. */
async function cellOf(readers: Readers, name: Name): Promise<string> {
  const states = await Promise.all((readers[name] ?? []).map((open) => stateOf(open, numbers[name])));
  expect(new Set(states).size).toBeLessThanOrEqual(1);
  return states[0] ?? "";
}

/** The array that `keepTypes` gives. */
async function arrayOf(name: Name): Promise<string> {
  const [open] = inTorch(true)[name] ?? [];
  try {
    return ` \`${(await open!(numbers[name].plain, "plain")).constructor.name}\``;
  } catch {
    return "";
  }
}

const docs = readFileSync(new URL("../../docs/formats.md", import.meta.url), "utf8");

/** The rows of the table under this heading. */
function tableUnder(head: string): string[] {
  const from = docs.indexOf(`${head}\n`);
  expect(from, `docs/formats.md has no table ${head}`).toBeGreaterThan(-1);
  const [, , ...lines] = docs.slice(from).split("\n\n")[0]!.trimEnd().split("\n");
  return lines;
}

test("docs/formats.md says of each number type what each reader does with it", async () => {
  const rows: string[] = [];
  for (const name of names) {
    const kept = await cellOf(inTorch(true), name);
    const cells = [
      name,
      await cellOf(inSafetensors, name),
      await cellOf(inTorch(false), name),
      `${kept}${await arrayOf(name)}`,
      await cellOf(inOnnx, name),
      await cellOf(inTfjs, name),
      await cellOf(inKeras, name),
    ];
    rows.push(`| ${cells.join(" | ")} |`);
  }
  const head =
    "| type | `loadSafetensors` | `loadTorch` | with `keepTypes: true` | `loadOnnx` | `loadTfjs` | `loadKeras` |";
  expect(tableUnder(head)).toEqual(rows);
});

test("docs/formats.md says which type each array is written as", () => {
  const arrays = [
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    Int32Array,
    Uint32Array,
    Int16Array,
    Uint16Array,
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
  ];
  const written = (write: () => Uint8Array) => {
    try {
      return inspect(write()).tensors[0]!.dtype;
    } catch (error) {
      if (!(error instanceof WebGpuLstmError)) throw error;
      expect(error.message).toMatch(/^save\w+: /);
      return "refused";
    }
  };
  const rows = arrays.map((Type) => {
    const a = { data: new Type(2), shape: [2] };
    const cells = [
      `\`${Type.name}\``,
      written(() => saveSafetensors(new Map([["a", wrong(a)]]))),
      written(() => saveTorch({ a })),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  expect(tableUnder("| array | `saveSafetensors` | `saveTorch` |")).toEqual(rows);
});
