/**
 * Random models against the float64 reference: recurrent blocks of every kind, packed or not, with normalization, activations and a
 * head; outputs, loss and gradients. A failure prints fast-check's seed and the smallest model that fails.
 *
 * VITE_MODELS sets the number of models (default 60, and no longer than 30 s), VITE_SEED the seed, which otherwise is always the same:
 * `VITE_MODELS=5000 VITE_SEED=1 npx vitest run --project browser test/browser/random-models.test.ts`
 */
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { modelForward, modelLoss } from "../reference/model.ts";
import { tapedModel } from "../reference/model-tape.ts";
import { GpuFrame } from "./gpu.ts";
import { anyModel, anyUnusualModel, type RandomModel, runModel } from "./random-model.ts";

const { VITE_MODELS, VITE_SEED } = import.meta.env as Readonly<Record<string, string | undefined>>;
const DEFAULT_MODELS = 60;
const models = Number(VITE_MODELS ?? DEFAULT_MODELS);
const options = {
  numRuns: models,
  seed: Number(VITE_SEED ?? 20261130),
  ...(VITE_MODELS === undefined && { interruptAfterTimeLimit: 30_000 }),
};

/** Allowed difference from the reference, relative to the tensor's largest value; at least that of a value of 0.01. */
const OUTPUT_BUDGET = 2e-5;
const GRADIENT_BUDGET = 1e-4;
const FLOOR = 0.01;

const largest = (values: ArrayLike<number>) =>
  Array.from(values).reduce((max, value) => Math.max(max, Math.abs(value)), FLOOR);

const frame = await GpuFrame.open();

/** How a value is not finite; "" if it is. */
const kindOf = (value: number) => (Number.isFinite(value) ? "" : String(value));

/** Where a run's values differ from the reference: in NaN and infinities, or in finite numbers. */
function faultsOf(
  name: string,
  data: ArrayLike<number>,
  expected: readonly number[],
  budget: number,
): string[] {
  expect(data.length, name).toBe(expected.length);
  const scale = largest(expected.filter(Number.isFinite));
  return expected.flatMap((value, i) => {
    const found = data[i]!;
    const fits =
      kindOf(value) === kindOf(found) &&
      (!Number.isFinite(value) || Math.abs(value - found) / scale < budget);
    return fits ? [] : [`${name}[${i}] is ${found}, the reference's ${value}`];
  });
}

async function check(form: RandomModel): Promise<void> {
  const run = await frame.run((device) => runModel(device, form));
  const parameters = new Map([...run.parameters].map(([name, values]) => [name, Float64Array.from(values)]));
  const [x, target] = [Float64Array.from(run.x), Float64Array.from(run.target)];
  const { gradients } = tapedModel(form, parameters, x, target);
  const faults = [
    ...faultsOf("output", run.output, [...modelForward(form, parameters, x)], OUTPUT_BUDGET),
    ...faultsOf("loss", [run.loss], [modelLoss(form, parameters, x, target)], OUTPUT_BUDGET),
    ...[...run.gradients].flatMap(([name, gradient]) =>
      faultsOf(`gradient of ${name}`, gradient, gradients.get(name)!, GRADIENT_BUDGET),
    ),
  ];
  expect(faults.slice(0, 5)).toEqual([]);
}

test(
  "random models have the reference's outputs, losses and gradients",
  () => fc.assert(fc.asyncProperty(anyModel, check), options),
  60_000 + 1000 * models,
);

/** Versions that unusual models are tried with; `null` for those that are chosen. */
const VERSIONS = [null, "cell", "step", "split", "sequence"] as const;

describe.each(VERSIONS)("version %s", (recurrent) => {
  let unusual: GpuFrame;
  beforeAll(async () => {
    unusual = recurrent ? await GpuFrame.open({ versions: { recurrent } }) : frame;
  });

  async function check(form: RandomModel): Promise<void> {
    const run = await unusual.run((device) => runModel(device, form));
    const expected = tapedModel(form, run.parameters, run.x, run.target);
    // Past the end of a packed sequence a gradient of 0 meets the last state in the weights' gradients: see docs/reliability.md.
    const isCompared = ([name]: [string, unknown]) => !form.lengths || /^(x|h0|c0)$/.test(name);
    const compared = [...run.gradients].filter(isCompared);
    const faults = [
      ...faultsOf("output", run.output, expected.output, OUTPUT_BUDGET),
      ...faultsOf("loss", [run.loss], [expected.loss], OUTPUT_BUDGET),
      ...compared.flatMap(([name, gradient]) =>
        faultsOf(`gradient of ${name}`, gradient, expected.gradients.get(name)!, GRADIENT_BUDGET),
      ),
    ];
    expect(faults.slice(0, 5)).toEqual([]);
  }

  test(
    "NaN and infinities in inputs, states and weights come out where the reference has them",
    () => {
      const numRuns = Math.ceil(models / VERSIONS.length);
      return fc.assert(fc.asyncProperty(anyUnusualModel, check), { ...options, numRuns });
    },
    60_000 + 1000 * models,
  );
});
