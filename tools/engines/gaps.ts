/**
 * Tests that an engine cannot pass, and why. A failed test is excused only by an entry here; an entry that excuses nothing in a
 * whole run is an error, so that the list stays true.
 */
import type { Outcome } from "./outcome.ts";

export interface Gap {
  readonly engines: readonly string[];
  /** Part of the test's name or of its error. */
  readonly matches: RegExp;
  readonly why: string;
}

const NODE = ["dawn-lavapipe", "dawn-default"];

export const gaps: readonly Gap[] = [
  { engines: NODE, matches: /Worker is not defined/, why: "Node has no Web Worker." },
  {
    engines: NODE,
    matches: /Received protocol 'blob:'/,
    why: "Node imports no module from a Blob's address.",
  },
  // What browsers have and a runtime in a terminal has not.
  ...[
    { name: "Node", engines: NODE },
    { name: "Deno", engines: ["deno"] },
  ].flatMap(({ name, engines }) => [
    {
      engines,
      matches: /window is not defined/,
      why: `These tests listen for unhandled rejections on a window, and ${name} has none.`,
    },
    {
      engines,
      matches: /this runtime has no IndexedDB|indexedDB is not defined/,
      why: `${name} has no IndexedDB.`,
    },
    {
      engines,
      matches: /origin private file system|'getDirectory'/,
      why: `${name} has no origin private file system.`,
    },
  ]),
  // Subgroups of four lanes.
  ...[
    /to contain '(gemm|conv1d)_lanes4'|to contain '_sequence4_forward/,
    /the facts are of another adapter, with subgroups of 4/,
    /every kernel was among them|finds that (gemm_lanes4|gru_sequence4_forward) does nothing/,
    /versions agree, and the fastest is kept[\s\S]*expected \[ 'cell', 'sequence', 'split', 'step' \]/,
  ].map((matches) => ({
    engines: ["firefox", "dawn-lavapipe", "dawn-default", "deno"],
    matches,
    why: "The adapter offers no subgroups of four lanes, so the kernels made for them are not offered.",
  })),
  {
    engines: ["firefox", "deno"],
    matches: /the page has no task over 50 ms/,
    why: "There are no `longtask` entries to measure it by.",
  },
  {
    engines: ["deno"],
    matches: /facts > persist between visits until forgotten/,
    why: "Deno has no storage in which facts could be kept.",
  },
  {
    engines: ["deno"],
    matches: /dispose\(\) keeps an app's own device alive[\s\S]*to deeply equal \[ 1, 2, 3, 4 \]/,
    why: "Deno maps a buffer before all of what writeBuffer gave it is there; the library reads by copies.",
  },
  {
    engines: ["deno"],
    matches: /refuses a worker that never serves[\s\S]*to contain 'could not be loaded'/,
    why: "Deno says itself why a worker's file is not there, where browsers say nothing.",
  },
  {
    engines: ["dawn-default"],
    matches: /this device has no timestamps/,
    why: "The device has no optional feature, so nothing is profiled.",
  },
  {
    engines: ["firefox", "deno", "dawn-default"],
    matches: /given facts of subgroups that the device does not have are refused/,
    why: "There are no subgroups, so no facts have others than the device.",
  },
  {
    engines: ["firefox"],
    matches: /makes no buffer, bind group or pipeline after the first run, and submits once a run/,
    why: "Firefox answers on a timer, so the device makes empty submissions while somebody waits, and the test counts them.",
  },
  // gradient-check takes more than five minutes there.
  ...[
    /difference quotients: sequence[\s\S]*timed out/,
    /version sequence > NaN and infinities[\s\S]*interrupted after 0 tests/,
  ].map((matches) => ({
    engines: ["dawn-lavapipe", "firefox"],
    matches,
    why: "LLVM takes seconds for each of the many `sequence` kernels that the test compiles, so its time is over.",
  })),
  {
    engines: ["dawn-lavapipe", "dawn-default", "deno", "firefox"],
    matches: /calibrate > times close versions/,
    why: "No two versions are predicted close to each other there, so nothing is timed.",
  },
];

/** The entry that excuses a failed test. */
export function gapOf(engine: string, { test, error }: Outcome): Gap | undefined {
  return gaps.find(({ engines, matches }) => engines.includes(engine) && matches.test(`${test}\n${error}`));
}
