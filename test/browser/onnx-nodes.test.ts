/** The ONNX project's own tests of every operator that loadOnnx computes: all are passed, or refused by name. */
import { expect, test } from "vitest";
import guide from "../../docs/formats.md?raw";
import { operators } from "../../src/formats/onnx/operators/index.ts";
import nodesFile from "../goldens/onnx_nodes.json?url";
import operatorNames from "../goldens/onnx_operators.json";
import { type OnnxCase, type Outcome, runCase } from "../onnx-cases.ts";
import { withDevice } from "./gpu.ts";

test("the packed tests and the table of docs/formats.md have the operators that there are", () => {
  expect(operatorNames).toEqual([...operators.keys()].sort());
  const table = guide.slice(guide.indexOf("| operators |"), guide.indexOf("## What `saveOnnx` writes"));
  const words = new Set(table.match(/\w+/g));
  expect(operatorNames.filter((name) => !words.has(name))).toEqual([]);
});

test("every test passes, or is refused by name; docs/formats.md has the counts", { timeout: 600_000 }, () =>
  withDevice(async (device) => {
    const { cases } = (await (await fetch(nodesFile)).json()) as { cases: OnnxCase[] };
    const outcomes: (OnnxCase & Outcome)[] = [];
    for (const one of cases) outcomes.push({ ...one, ...(await runCase(device, one)) });
    const named = (state: Outcome["state"]) => outcomes.filter((outcome) => outcome.state === state);
    expect(named("failed").map(({ name, message }) => `${name}: ${message}`)).toEqual([]);
    const counts = `${named("passed").length} passed, ${named("refused").length} refused, ${named("failed").length} failed`;
    expect(guide).toContain(counts);
    // Each operator is right in some test, unless there is none with tensors of numbers.
    const passed = new Set(named("passed").map(({ operator }) => operator));
    const never = new Set(cases.map(({ operator }) => operator).filter((operator) => !passed.has(operator)));
    expect([...never]).toEqual(["Conv"]);
  }),
);
