/** Runs one edited program: what it prints and plots goes to the page. */
import { failure } from "./failure.ts";
import { MODULES } from "./javascript.ts";
import { Plots } from "./plots.ts";
import { printer } from "./printer.ts";
import type { Lines, Program, Report } from "./protocol.ts";

/** What a program can import. */
const LOADERS: Readonly<Record<string, () => Promise<object>>> = {
  "webgpu-lstm": () => import("webgpu-lstm"),
  "webgpu-lstm/formats": () => import("webgpu-lstm/formats"),
  "webgpu-lstm/search": () => import("webgpu-lstm/search"),
  "./plot.ts": () => import("../../examples/live/plot.ts"),
};

const loaded = new Map<string, object>();
const tell = (report: Report) => self.postMessage(report);
const plots = new Plots(tell);

Object.defineProperty(globalThis, MODULES, { value: (path: string) => loaded.get(path) });

Object.assign(console, printer(tell));

self.onmessage = async ({ data: { code, broken } }: MessageEvent<Program>) => {
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const fail = (thrown: unknown) => tell({ kind: "failed", message: failure(thrown, address, broken) });
  // What the program does not await can fail too, also when the program has come to its end.
  // The page is told by the message, so nothing else need be.
  self.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    fail(event.reason);
  });
  self.addEventListener("error", (event) => {
    event.preventDefault();
    fail(event.error);
  });
  self.addEventListener("plot", (event) => {
    const { title, lines } = (event as CustomEvent<{ title: string; lines: Lines }>).detail;
    plots.plot(title, lines);
  });
  try {
    for (const [, path] of code.matchAll(new RegExp(`globalThis\\.${MODULES}\\("([^"]*)"\\)`, "g"))) {
      const load = LOADERS[path!];
      if (!load)
        throw new Error(`there is no module ${path} here; there are ${Object.keys(LOADERS).join(", ")}`);
      loaded.set(path!, await load());
    }
    await import(/* @vite-ignore */ address);
    plots.flush();
    tell({ kind: "done" });
  } catch (error) {
    fail(error);
  }
};
