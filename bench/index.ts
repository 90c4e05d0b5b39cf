/**
 * Times this library and its peers, and compares it with the adapter's ceilings: `npm run bench`. See docs/benchmarks.md.
 */
import { constants, setPriority } from "node:os";
import { Device } from "webgpu-lstm";
import { webgpuLstm } from "../tasks/workloads/webgpu-lstm.ts";
import { openGpu, openLavapipe } from "../tools/node-device.ts";
import { BrowserPlace } from "./browser.ts";
import { type AdapterCeilings, measureCeiling } from "./ceiling.ts";
import { type CeilingSamples, sampleCeilings } from "./ceilings.ts";
import { describeEnvironment } from "./environment.ts";
import { type Failure, type Measurement, measure } from "./measure.ts";
import { type BenchOptions, parseBenchOptions, USAGE } from "./options.ts";
import { findTorch, pytorch, torchVersions } from "./peers/pytorch.ts";
import { type Results, readResults, sectionsOf, writeDocs, writeResults } from "./results.ts";
import { type Seat, seatHere } from "./seat.ts";
import { measureStreams, type StreamSamples } from "./stream.ts";
import { type SweepPoint, sweep } from "./sweep.ts";

async function run(options: BenchOptions): Promise<Results> {
  const start = performance.now();
  const { workloads, sweeps, peers, places, effort, sweepEffort } = options;
  const python = peers.includes("pytorch") ? findTorch() : undefined;
  if (peers.includes("pytorch") && !python) console.log("no python3 with PyTorch here; PYTHON names one");
  const inPages = peers.filter((name) => name !== "pytorch");
  const needsBrowser = places.includes("Chromium") || (inPages.length > 0 && workloads.length > 0);

  const browser = needsBrowser ? await BrowserPlace.start() : undefined;
  const device = places.includes("Node") ? await Device.request({ gpu: await openGpu() }) : undefined;
  const lavapipe = places.includes("lavapipe") ? await openLavapipe() : null;
  if (places.includes("lavapipe") && !lavapipe) console.log("Mesa's lavapipe is not installed here");
  const lavapipeDevice = lavapipe ? await Device.request({ gpu: lavapipe }) : undefined;
  // While Dawn's main thread waits it polls: at the lowest priority it leaves both cores to the driver.
  setPriority(constants.priority.PRIORITY_LOW);
  const seats: Seat[] = [];
  try {
    const environment = describeEnvironment({
      ...(browser ? { chromium: browser.version } : {}),
      ...(python ? await torchVersions(python) : {}),
    });
    const { machine, load } = environment;
    console.log(`${machine.cpu}, ${machine.cores} cores, load ${load.toFixed(1)}`);
    if (load > machine.cores)
      console.log("other programs are running: only ratios within this run mean something");

    const adapters: AdapterCeilings[] = [];
    if (browser && places.includes("Chromium")) {
      adapters.push(await browser.ceilings());
      seats.push(browser.seat("webgpu-lstm", adapters.at(-1)!.ceiling));
    }
    for (const [place, here] of [
      ["Node", device],
      ["Node, lavapipe", lavapipeDevice],
    ] as const) {
      if (!here) continue;
      const { info, facts } = here;
      const ceiling = await measureCeiling(here);
      adapters.push({ place, info, facts, ceiling });
      seats.push(seatHere(webgpuLstm(here), place, ceiling));
    }
    const own = [...seats];
    const torch = python ? pytorch(python, { device: "cpu" }) : undefined;
    if (browser) seats.push(...inPages.map((name) => browser.seat(name, null)));
    if (torch) seats.push(torch);

    const ceilings: CeilingSamples[] = await sampleCeilings(adapters);
    const measurements: Measurement[] = [];
    const failures: Failure[] = [];
    let streams: StreamSamples[] = [];
    let points: SweepPoint[] = [];
    const resultsOf = (): Results => {
      const minutes = (performance.now() - start) / 60e3;
      return { environment, ceilings, measurements, failures, streams, sweeps: points, minutes };
    };
    for (const workload of workloads) {
      console.log(`${workload.name}: ${workload.title}`);
      const measured = await measure(workload, seats, effort, { say: console.log });
      measurements.push(...measured.measurements);
      failures.push(...measured.failures);
      // Keeps the results so far in case the run is stopped.
      writeResults(options.json, resultsOf());
    }
    if (sweeps) {
      if (device) {
        console.log("many streams");
        streams = await measureStreams(device, effort.runs === 25 ? 101 : 15);
      }
      // One place is enough, beside PyTorch: a sweep shows how the cost grows.
      const one = own.slice(0, 1);
      points = await sweep([...one, ...(torch ? [torch] : [])], sweepEffort, console.log);
    }
    return resultsOf();
  } finally {
    for (const seat of seats) await seat.stop();
    await browser?.close();
    device?.dispose();
    lavapipeDevice?.dispose();
  }
}

async function main(options: BenchOptions): Promise<void> {
  const results = options.from === undefined ? await run(options) : readResults(options.from.split(","));
  for (const [name, section] of Object.entries(sectionsOf(results))) {
    if (section !== "" && name !== "environment") console.log(`\n${section}`);
  }
  if (options.from === undefined) {
    writeResults(options.json, results);
    console.log(`\n${results.minutes.toFixed(1)} minutes; all samples: ${options.json}`);
  }
  const own = results.failures.filter(({ contestant }) => contestant === "webgpu-lstm");
  for (const { workload, place, reason } of own) console.error(`${workload.name} in ${place}: ${reason}`);
  if (own.length > 0) process.exitCode = 1;
  if (options.docs) {
    writeDocs(results);
    console.log("written: docs/benchmarks.md and its plots");
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
