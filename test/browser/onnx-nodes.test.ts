/** The ONNX project's own tests of every operator that loadOnnx computes: all are passed, or refused by name. */
import { expect, test } from "vitest";
import guide from "../../docs/formats.md?raw";
import { operators } from "../../src/formats/onnx/operators/index.ts";
import nodesFile from "../goldens/onnx_nodes.json?url";
import operatorNames from "../goldens/onnx_operators.json";
import { type OnnxCase, type Outcome, runCase } from "../onnx-cases.ts";
import { withDevice } from "./gpu.ts";

type Tested = Pick<OnnxCase, "operator"> & Outcome;

/** Why a test was refused, without the names of its node and its outputs. */
function reasonOf(message: string): string {
  const what = message.replace(/^OnnxModel\.forward: (node \S+ \(\w+\): )?/, "");
  return what.replace(/^output "\w+" of \[.*\] has/, "an output has");
}

/** Each operator's outcomes, in the order of names. */
function byOperator(outcomes: readonly Tested[]): Map<string, readonly Tested[]> {
  return new Map(operatorNames.map((name) => [name, outcomes.filter(({ operator }) => operator === name)]));
}

const passedOf = (own: readonly Tested[]) => own.filter(({ state }) => state === "passed").length;

/** A line for each operator of which a test is refused: how many pass, and how many do not for each reason. */
function tableOf(outcomes: readonly Tested[]): string {
  const lines = [...byOperator(outcomes)].flatMap(([name, own]) => {
    const reasons = own.filter(({ state }) => state === "refused").map(({ message }) => reasonOf(message));
    if (reasons.length === 0) return [];
    const counted = [...new Set(reasons)].sort().map((reason) => {
      return `${reasons.filter((one) => one === reason).length}: ${reason}`;
    });
    return [`| ${name} | ${passedOf(own)} | ${counted.join("; ")} |`];
  });
  return ["| operator | passed | refused |", "|---|---|---|", ...lines, ""].join("\n");
}

/** The other operators. */
function sentenceOf(outcomes: readonly Tested[]): string {
  const all = [...byOperator(outcomes)];
  const whole = all.filter(([, own]) => own.length > 0 && passedOf(own) === own.length);
  const none = all.filter(([, own]) => own.length === 0).map(([name]) => name);
  const passed = whole.map(([name, own]) => `${name} (${passedOf(own)})`).join(", ");
  return `All tests pass of ${passed}.${none.length > 0 ? ` It has none of ${none.join(", ")}.` : ""}`;
}

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
    expect(guide).toContain(tableOf(outcomes));
    expect(guide.replaceAll("\n", " ")).toContain(sentenceOf(outcomes));
    // Each operator is right in some test, unless there is none with tensors of numbers.
    const passed = new Set(named("passed").map(({ operator }) => operator));
    const never = new Set(cases.map(({ operator }) => operator).filter((operator) => !passed.has(operator)));
    expect([...never]).toEqual(["Conv"]);
  }),
);
