import { toJavaScript } from "./javascript.ts";
import type { Report } from "./protocol.ts";

/** A program that runs in a worker of its own. */
export interface Running {
  stop(): void;
}

/** Runs a program in TypeScript in a new worker, and tells what it does until it is done, has failed or is stopped. */
export function runProgram(source: string, tell: (report: Report) => void): Running {
  const worker = new Worker(new URL("./live.worker.ts", import.meta.url), { type: "module" });
  const end = (report: Report) => {
    worker.terminate();
    tell(report);
  };
  worker.onerror = ({ message }) =>
    end({ kind: "failed", message: message || "the worker could not be loaded" });
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    if (data.kind === "done" || data.kind === "failed") end(data);
    else tell(data);
  };
  worker.postMessage({ code: toJavaScript(source) });
  return { stop: () => worker.terminate() };
}
