import { brokenLine, toJavaScript } from "./javascript.ts";
import type { Program, Report } from "./protocol.ts";

/** A program that runs in a worker of its own. */
export interface Running {
  stop(): void;
}

/** The worker of the last program that came to its end: what that did not await goes on, and may print. */
let resting: Worker | null = null;

/**
 * Runs a program in TypeScript in a new worker, and tells what it does until it has failed or is stopped. One that is done is stopped when
 * another is started.
 */
export function runProgram(source: string, tell: (report: Report) => void): Running {
  resting?.terminate();
  const worker = new Worker(new URL("./live.worker.ts", import.meta.url), { type: "module" });
  const hear = (report: Report) => {
    if (report.kind === "failed") end();
    if (report.kind === "done") {
      resting?.terminate();
      resting = worker;
    }
    tell(report);
  };
  const end = () => {
    worker.onmessage = null; // what it has sent before
    worker.terminate();
  };
  worker.onerror = ({ message }) =>
    hear({ kind: "failed", message: message || "the worker could not be loaded" });
  worker.onmessage = ({ data }: MessageEvent<Report>) => hear(data);
  const program: Program = { code: toJavaScript(source), broken: brokenLine(source) };
  worker.postMessage(program);
  return { stop: end };
}
