/**
 * Times training steps and holds them against what the adapter can do: `npm run bench`. See docs/benchmarks.md.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Device } from "webgpu-lstm";
import { openGpu } from "../tools/node-device.ts";
import { measureCeiling } from "./ceiling.ts";
import { describeEnvironment } from "./environment.ts";
import { type Measurement, measure } from "./measure.ts";
import { type BenchOptions, parseBenchOptions, USAGE } from "./options.ts";
import { figuresOf, memoryTable, table } from "./report.ts";
import { summarize } from "./statistics.ts";
import { webgpuLstm } from "./webgpu-lstm.ts";

async function main({ workloads, effort, json }: BenchOptions): Promise<void> {
  const device = await Device.request({ gpu: await openGpu() });
  try {
    const environment = describeEnvironment(device);
    const { adapter, machine, load } = environment;
    console.log(`${adapter.name}; ${machine.cpu}, ${machine.cores} cores, load ${load.toFixed(1)}`);
    if (load > machine.cores)
      console.log("other programs are running: only ratios within this run mean something");

    const ceiling = await measureCeiling(device);
    const roundTrips: number[] = [];
    for (let i = 0; i < 9; i++) roundTrips.push(await ceiling.roundTripMs());
    const measurements: Measurement[] = [];
    for (const workload of workloads) {
      console.log(`${workload.name}: ${workload.title}`);
      measurements.push(...(await measure(workload, [webgpuLstm(device)], ceiling, effort)));
    }
    ceiling.dispose();

    const figures = measurements.map((measurement) => figuresOf(measurement, adapter.software));
    const report = `${table(figures)}\n\n${memoryTable(figures)}`;
    const trip = summarize(roundTrips).median.toFixed(2);
    console.log(
      `\n${report}\n\nan empty submission takes ${trip} ms from submit to answer; it is part of every step`,
    );

    mkdirSync(dirname(json), { recursive: true });
    const file = { environment, roundTripMs: roundTrips, figures, measurements };
    writeFileSync(json, `${JSON.stringify(file, null, 1)}\n`);
    writeFileSync(`${json.replace(/\.json$/, "")}.md`, `${report}\n`);
    console.log(`all samples: ${json}`);
  } finally {
    device.dispose();
  }
}

try {
  const options = parseBenchOptions(process.argv.slice(2));
  if (options) await main(options);
  else console.log(USAGE);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
