/** What examples/pytorch-round-trip.ts saves goes on in PyTorch and ONNX Runtime. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Check } from "./check.ts";

const cwd = fileURLToPath(new URL("../../", import.meta.url));

/** Runs the example, and lets the other side go on. */
export function taggerChecks(python: string, folder: string): Check[] {
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  run(process.execPath, "tools/run.mjs", "examples/pytorch-round-trip.ts", "--out", folder);
  return run(python, "tools/interop/tagger_side.py", folder)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Check);
}
