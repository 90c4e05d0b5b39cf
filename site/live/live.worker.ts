/** Runs one edited program: what it prints and plots goes to the page. */
import { MODULES } from "./javascript.ts";
import type { Lines, Program, Report } from "./protocol.ts";
import { showValue } from "./show-value.ts";

/** What a program can import. */
const LOADERS: Readonly<Record<string, () => Promise<object>>> = {
  "webgpu-lstm": () => import("webgpu-lstm"),
  "webgpu-lstm/formats": () => import("webgpu-lstm/formats"),
  "webgpu-lstm/search": () => import("webgpu-lstm/search"),
  "./plot.ts": () => import("../../examples/live/plot.ts"),
};

const loaded = new Map<string, object>();
const tell = (report: Report) => self.postMessage(report);

Object.defineProperty(globalThis, MODULES, { value: (path: string) => loaded.get(path) });

console.log = (...values: unknown[]) => tell({ kind: "line", text: values.map(showValue).join(" ") });

self.addEventListener("plot", (event) => {
  const { title, lines } = (event as CustomEvent<{ title: string; lines: Lines }>).detail;
  tell({ kind: "plot", title, lines });
});

self.onmessage = async ({ data: { code } }: MessageEvent<Program>) => {
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    for (const [, path] of code.matchAll(new RegExp(`globalThis\\.${MODULES}\\("([^"]*)"\\)`, "g"))) {
      const load = LOADERS[path!];
      if (!load)
        throw new Error(`there is no module ${path} here; there are ${Object.keys(LOADERS).join(", ")}`);
      loaded.set(path!, await load());
    }
    await import(/* @vite-ignore */ address);
    tell({ kind: "done" });
  } catch (error) {
    const { name, message } = error as Error;
    tell({ kind: "failed", message: `${name}: ${message}` });
  } finally {
    URL.revokeObjectURL(address);
  }
};
