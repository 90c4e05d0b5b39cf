/** The front page's three numbers, read from where they are kept when the site is built. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Figure {
  readonly value: string;
  readonly says: string;
  readonly source: string;
  readonly link: string;
}

declare const data: readonly Figure[];

export { data };

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");

/** Bytes that a page downloads before its first training step, gzipped. */
export function download(counters: string): Figure {
  const { downloadedBytes } = JSON.parse(counters) as {
    downloadedBytes: { training: { vite: number } };
  };
  return {
    value: `${Math.round(downloadedBytes.training.vite / 1000)} kB`,
    says: "downloaded, gzipped, before the first training step of an LSTM with Adam",
    source: "bench/counters.json",
    link: "guide/benchmarks.html",
  };
}

/** How much longer TensorFlow.js takes for a training step on the same adapter, from the table of milliseconds a step. */
export function speed(benchmarks: string): Figure {
  const [, table] = /<!-- bench:steps -->([\s\S]*?)<!-- \/bench:steps -->/.exec(benchmarks) ?? [];
  const rows = [...(table ?? "").matchAll(/^\|(.*)\|$/gm)].map(([, row]) =>
    row!.split("|").map((cell) => cell.trim()),
  );
  const column = (name: string) => rows[0]?.findIndex((title) => title.startsWith(name)) ?? -1;
  const times = rows.find(([name]) => name === "W2") ?? [];
  const [ours, theirs] = ["webgpu-lstm, Chromium", "tfjs-webgpu"].map((name) =>
    Number.parseFloat(times[column(name)] ?? ""),
  );
  if (!(ours! > 0 && theirs! > 0))
    throw new Error("docs/benchmarks.md: no times of W2 in its table of steps");
  return {
    value: `${Math.round(theirs! / ours!)}×`,
    says: "TensorFlow.js's time for a training step of a two-layer LSTM, on the same software adapter (no GPU)",
    source: "Benchmarks, W2",
    link: "guide/benchmarks.html",
  };
}

/** Options and shapes that tests compare with PyTorch. */
export function parity(page: string): Figure {
  const [, rows] = /^\*\*All (\d+) rows pass\.\*\*$/m.exec(page) ?? [];
  if (!rows) throw new Error("docs/parity.md: no number of rows that pass");
  return {
    value: rows,
    says: "rows of options, shapes and functions compared with PyTorch's float64 results",
    source: "Parity with PyTorch",
    link: "guide/parity.html",
  };
}

export default {
  watch: ["../../docs/{benchmarks,parity}.md", "../../bench/counters.json"],
  load: (): Figure[] => [
    download(read("bench/counters.json")),
    speed(read("docs/benchmarks.md")),
    parity(read("docs/parity.md")),
  ],
};
