import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Workload, workloads } from "../tasks/workloads/workload.ts";
import { type CeilingSamples, ceilingTable } from "./ceilings.ts";
import type { Environment } from "./environment.ts";
import { type Figures, figuresOf } from "./figures.ts";
import type { Failure, Measurement } from "./measure.ts";
import { stepPlot, sweepPlot } from "./plots.ts";
import { memoryTable, ownTable, peerTable, ratioTable, stepTable } from "./report.ts";
import { type StreamSamples, streamTable } from "./stream.ts";
import { type SweepPoint, sweepTables } from "./sweep.ts";
import { targetTable } from "./targets.ts";
import type { VersionTime } from "./versions.ts";

/** All results of a run: the content of the JSON file. */
export interface Results {
  readonly environment: Environment;
  readonly ceilings: readonly CeilingSamples[];
  readonly measurements: readonly Measurement[];
  readonly failures: readonly Failure[];
  readonly streams: readonly StreamSamples[];
  readonly sweeps: readonly SweepPoint[];
  /** From `bench:gpu`: every version of the recurrent layers, and what the adapter is. */
  readonly versions?: readonly VersionTime[];
  readonly adapter?: AdapterDescription;
  readonly minutes: number;
}

/** What an adapter offers. */
export interface AdapterDescription {
  /** Optional features, and the lanes of its subgroups. */
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

export function writeResults(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 1)}\n`);
}

/**
 * Reads the results of one run, or of several runs with different workloads; each workload must come from a single run. The
 * environment is that of the first file.
 */
export function readResults(files: readonly string[]): Results {
  const all = files.map((file) => JSON.parse(readFileSync(file, "utf8")) as Results);
  const { environment, ceilings } = all[0]!;
  const place = ({ workload }: { readonly workload: Workload }) =>
    workloads.findIndex(({ name }) => name === workload.name);
  return {
    environment,
    ceilings,
    measurements: all.flatMap(({ measurements }) => measurements).sort((a, b) => place(a) - place(b)),
    failures: all.flatMap(({ failures }) => failures).sort((a, b) => place(a) - place(b)),
    streams: all.flatMap(({ streams }) => streams),
    sweeps: all.flatMap(({ sweeps }) => sweeps),
    minutes: all.reduce((sum, { minutes }) => sum + minutes, 0),
  };
}

/** The report's sections by name; a section without measurements is empty. */
export function sectionsOf(results: Results): Readonly<Record<string, string>> {
  const { measurements, failures, ceilings, streams, sweeps } = results;
  const figures = figuresIn(results);
  const any = measurements.length > 0;
  return {
    environment: environmentText(results),
    targets: targetTable({ ceilings, figures, failures, streams, sweeps }),
    ceilings: ceilings.length > 0 ? ceilingTable(ceilings) : "",
    steps: any ? stepTable(figures, failures) : "",
    ratios: any ? ratioTable(figures) : "",
    own: any ? ownTable(figures) : "",
    peers: any ? peerTable(figures) : "",
    memory: any ? memoryTable(figures) : "",
    streams: streams.length > 0 ? streamTable(streams) : "",
    sweeps: sweeps.length > 0 ? sweepTables(sweeps) : "",
  };
}

function figuresIn({ measurements, ceilings }: Results): Figures[] {
  const software = ceilings.every(({ info }) => info.software);
  return measurements.map((measurement) => figuresOf(measurement, software));
}

/** One paragraph about the date, the machine and the versions. */
function environmentText({ environment, ceilings, minutes }: Results): string {
  const { date, commit, versions, machine, load } = environment;
  const adapters = ceilings.map(({ place, info }) => {
    const name = [info.vendor, info.device || info.architecture, info.description].filter(Boolean).join(" ");
    return `${place}: ${name}${info.software ? " (software)" : ""}`;
  });
  const all = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const busy = load > machine.cores ? " **The machine was busy with other work: only ratios count.**" : "";
  return (
    `${date.slice(0, 16).replace("T", " ")} UTC, commit ${commit ?? "unknown"}, ${minutes.toFixed(0)} minutes. ` +
    `${machine.cpu}, ${machine.cores} cores, ${machine.platform}; load ${load.toFixed(1)} at the start.${busy} ` +
    `Adapters: ${adapters.join("; ")}. Versions: ${all.join(", ")}.`
  );
}

/** Writes the sections of docs/benchmarks.md between their marks, and the plots beside it. */
export function writeDocs(results: Results): void {
  const docs = new URL("../docs/", import.meta.url);
  const page = fileURLToPath(new URL("benchmarks.md", docs));
  const sections = { ...sectionsOf(results) };
  const plot = (section: string, name: string, title: string, content: () => string) => {
    if (!sections[section]) return;
    writeFileSync(new URL(name, docs), content());
    sections[section] = `![${title}](${name})\n\n${sections[section]}`;
  };
  plot("steps", "benchmarks-steps.svg", "Milliseconds a step of every library at every workload", () =>
    stepPlot(figuresIn(results)),
  );
  plot("sweeps", "benchmarks-sweeps.svg", "Milliseconds of a training step by T, B and H", () =>
    sweepPlot(results.sweeps),
  );
  writeFileSync(page, withSections(readFileSync(page, "utf8"), sections));
}

/** Puts each section between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`; an empty section changes nothing. */
export function withSections(page: string, sections: Readonly<Record<string, string>>): string {
  let out = page;
  for (const [name, content] of Object.entries(sections)) {
    if (content === "") continue;
    const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
    const [from, to] = [out.indexOf(begin), out.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`the report has no place for ${name}: ${begin} … ${end}`);
    out = `${out.slice(0, from + begin.length)}\n\n${content}\n\n${out.slice(to)}`;
  }
  return out;
}
