import { summarize } from "../tasks/statistics/statistics.ts";
import type { AdapterCeilings } from "./ceiling.ts";
import { digits, markdown, spread } from "./markdown.ts";

/** Samples of the ceilings of a place's adapter. */
export interface CeilingSamples {
  readonly place: string;
  readonly info: AdapterCeilings["info"];
  readonly facts: AdapterCeilings["facts"];
  /** 10⁹ operations a second. */
  readonly gflops: readonly number[];
  /** 10⁹ bytes copied a second. */
  readonly copyRates: readonly number[];
  /** The page's time for each encoded dispatch. */
  readonly encodeMicros: readonly number[];
  readonly roundTripMs: readonly number[];
  readonly readBackMs: readonly number[];
}

const SAMPLES = 9;

export async function sampleCeilings(places: readonly AdapterCeilings[]): Promise<CeilingSamples[]> {
  const all: CeilingSamples[] = [];
  for (const { place, info, facts, ceiling } of places) {
    const times = async (sample: () => Promise<number>) => {
      await sample();
      const values: number[] = [];
      for (let i = 0; i < SAMPLES; i++) values.push(await sample());
      return values;
    };
    const rate = async () => {
      const { flops, elapsed } = await ceiling.sample();
      return flops / (elapsed.wallMs * 1e6);
    };
    all.push({
      place,
      info,
      facts,
      gflops: await times(rate),
      copyRates: await times(ceiling.copyRate),
      encodeMicros: await times(ceiling.encodeMicros),
      roundTripMs: await times(ceiling.roundTripMs),
      readBackMs: await times(ceiling.readBackMs),
    });
  }
  return all;
}

/** A table with a row for each place. */
export function ceilingTable(all: readonly CeilingSamples[]): string {
  const header = [
    "place",
    "FMA, GFLOP/s",
    "loads, 10⁹ values/s",
    "dispatch, µs",
    "barrier, µs",
    "encode a dispatch, µs",
    "copy, GB/s",
    "submit until done, ms",
    "submit until read, ms",
  ];
  const rows = all.map(({ place, facts, gflops, copyRates, encodeMicros, roundTripMs, readBackMs }) => [
    place,
    spread(summarize(gflops)),
    digits(facts.gloads),
    digits(facts.dispatchMicros),
    digits(facts.barrierMicros),
    spread(summarize(encodeMicros)),
    spread(summarize(copyRates)),
    spread(summarize(roundTripMs)),
    spread(summarize(readBackMs)),
  ]);
  return markdown([header, ...rows]);
}
