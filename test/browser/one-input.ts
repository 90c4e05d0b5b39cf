/** Golden cases of modules with one input, of tools/goldens/one_input.py. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { VersionPins } from "webgpu-lstm";
import { float32Budget, recordParity } from "../parity.ts";
import { budgetUsed, expectClose } from "./closeness.ts";
import { goldenNames, loadGolden } from "./goldens.ts";
import { GpuFrame } from "./gpu.ts";
import { type OneTensorModule, runModule } from "./modules-case.ts";

/** A golden's own budget, in multiples of torch's, with the reason. */
export interface OwnBudget {
  readonly factor: number;
  readonly reason: string;
}

/**
 * Tests every golden of an op: the module that `make` gives for the golden's arguments.
 * @param name The module, as the parity page has it.
 * @param versions Kernel versions to test each golden with.
 */
export function testGoldens(
  op: string,
  name: string,
  make: (...given: never[]) => OneTensorModule,
  budgets: Readonly<Record<string, OwnBudget>> = {},
  versions: readonly VersionPins[] = [{}],
): void {
  const frames: GpuFrame[] = [];
  beforeAll(async () => {
    for (const pins of versions) frames.push(await GpuFrame.open({ versions: pins }));
  });
  afterAll(() => {
    for (const frame of frames) frame.close();
  });

  test.for(goldenNames(op))(`${name} against PyTorch float64: %s`, async (file, { task }) => {
    const golden = await loadGolden(file);
    for (const frame of frames) {
      const results = await frame.run((device) => {
        const module = make(...(golden.list("arguments") as never[]));
        expect([...module.namedParameters()].map(([key]) => key).sort()).toEqual(
          golden.names("param.").sort(),
        );
        return runModule(device, module, golden, "mean");
      });
      const wanted = [...golden.tensors.keys()].filter((key) => /^(out|grad\.)/.test(key));
      expect([...results.keys()].sort()).toEqual(wanted.sort());
      const { factor, reason } = budgets[file] ?? { factor: 1, reason: "" };
      const budget = factor === 1 ? float32Budget : `${factor} times: ${reason}`;
      const row = `${name} ${file.slice(op.length + 1).replaceAll("_", " ")}`;
      for (const [key, { data, shape }] of results) {
        const expected = golden.tensor(key);
        recordParity(task, { section: "Layers", row, budget, used: budgetUsed(data, expected) / factor });
        expect(shape).toEqual(expected.shape);
        expectClose(`${file} ${key}`, data, expected, factor);
      }
    }
  });
}
