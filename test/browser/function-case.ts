/** Tests of tensor functions against the goldens of tools/goldens/functions.py: ordinary values and unusual ones. */
import { beforeAll, describe, expect, test } from "vitest";
import { type Device, grad, type NDArray, type Tensor } from "webgpu-lstm";
import type { GoldenCase } from "../golden-case.ts";
import { float32Budget, recordParity } from "../parity.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";
import { faultsOf, gradients, UnusualStep } from "./unusual-values.ts";

/** A case's function of its inputs, in their order. */
export type Cases = Readonly<Record<string, (...inputs: [Tensor, Tensor, Tensor]) => Tensor>>;

/** Budgets other than the usual one, in multiples of it, with the reason. */
export type Budgets = Readonly<Record<string, { readonly factor: number; readonly reason: string }>>;

const casesOf = (golden: GoldenCase) => (JSON.parse(golden.text("cases")) as string[]).sort();

function withGolden(file: string, cases: Cases) {
  const opened = {} as { golden: GoldenCase; frame: GpuFrame };
  beforeAll(async () => {
    opened.golden = await loadGolden(file);
    opened.frame = await GpuFrame.open();
    return () => opened.frame.close();
  });
  test("has these cases", () => expect(Object.keys(cases).sort()).toEqual(casesOf(opened.golden)));
  return opened;
}

async function runCase(device: Device, golden: GoldenCase, name: string, fn: Cases[string]) {
  const names = golden.names(`${name}:`).filter((key) => /^\d+$/.test(key));
  const inputs = Object.fromEntries(names.map((key) => [`x${key}`, golden.input(`${name}:${key}`)]));
  const weights = golden.input(`${name}:weights`);
  const wanted = golden.names(`${name}:grad.`);
  const shapes = Object.entries({ ...inputs, weights }).map(([key, { shape }]) => [key, shape] as const);
  const step = await device.compile(
    ({ weights, ...tensors }) => {
      const list = Object.values(tensors) as Tensor[];
      const out = fn!(...(list as [Tensor, Tensor, Tensor]));
      const active = wanted.map((key) => list[Number(key)]!);
      const found = active.length > 0 ? grad(out.mul(weights!).sum(), active) : [];
      return { out, ...Object.fromEntries(found.map((g, i) => [`grad.${wanted[i]}`, g])) };
    },
    { inputs: Object.fromEntries(shapes) },
  );
  const results = Object.entries(step.run({ ...inputs, weights }));
  const read = await Promise.all(results.map(async ([key, result]) => [key, await result.read()] as const));
  step.dispose();
  return read;
}

/** Values and gradients of a file's cases, with a row each on the parity page. */
export function testFunctions(file: string, section: string, cases: Cases, budgets: Budgets = {}): void {
  describe(file, () => {
    const opened = withGolden(file, cases);
    test.for(Object.keys(cases))("%s", async (name, { task }) => {
      const { golden, frame } = opened;
      const results = await frame.run((device) => runCase(device, golden, name, cases[name]!));
      const { factor = 1, reason } = budgets[name] ?? {};
      const budget = reason ? `${factor} × ${float32Budget}: ${reason}` : float32Budget;
      for (const [key, { data, shape }] of results) {
        const expected = golden.tensor(`${name}:${key}`);
        const used = budgetUsed(data, expected) / factor;
        recordParity(task, { section, row: name.replaceAll("_", " "), budget, used });
        expect(shape).toEqual(expected.shape);
        expectClose(`${name} ${key}`, data, expected, factor);
      }
    });
  });
}

/** NaN, infinities, zeros, kinks and the ends of float32's range through a file's cases. Inputs are by name, in the golden's order. */
export function testUnusual(file: string, cases: Cases, budgets: Budgets = {}): void {
  describe(file, () => {
    const opened = withGolden(file, cases);
    test.for(Object.keys(cases))("%s", async (name) => {
      const { golden, frame } = opened;
      const keys = golden.names(`${name}:`).filter((key) => !/^(out|grad\.)/.test(key));
      const inputs = new Map<string, NDArray>(keys.map((key) => [key, golden.input(`${name}:${key}`)]));
      const wanted = golden.names(`${name}:grad.`).filter((key) => !key.endsWith(".flushed"));
      const shapes = new Map([...inputs].map(([key, { shape }]) => [key, shape]));
      const results = await frame.run(async (device) => {
        const step = await UnusualStep.compile(device, shapes, (given) => {
          const list = keys.filter((key) => key !== "weights").map((key) => given[key]!);
          const out = cases[name]!(...(list as [Tensor, Tensor, Tensor]));
          const active = new Map(wanted.map((key) => [key, given[key]!]));
          return { out, ...(active.size > 0 && gradients([[out, given["weights"]!]], active)) };
        });
        const found = await step.run(inputs);
        step.dispose();
        return found;
      });
      expect(results.size).toBe(1 + wanted.length);
      const faults = [...results].flatMap(([key, value]) => {
        const flushed = `${name}:${key}.flushed`;
        const second = golden.has(flushed) ? golden.tensor(flushed) : undefined;
        return faultsOf(key, value, golden.tensor(`${name}:${key}`), second, budgets[name]?.factor);
      });
      expect(faults).toEqual([]);
    });
  });
}
