/** Every version of the recurrent layers, pass by pass: its time by the GPU's own clock beside what the planner predicts. */
import { Device, Generator, nn, optim, type Tensor } from "webgpu-lstm";
import type { PreparedDispatch } from "../src/gpu/kernel.ts";
import { Timestamps } from "../src/gpu/timestamps.ts";
import { digits, markdown } from "./markdown.ts";

const LAYERS = { lstm: nn.LSTM, gru: nn.GRU, rnn: nn.RNN } as const;
const VERSIONS = ["cell", "step", "split", "sequence4", "sequence"] as const;
/** Versions that no prediction chooses: on hardware a timing does. */
const TIMED: readonly Version[] = ["split", "sequence"];
const PASSES = ["forward", "backward"] as const;

type Layer = keyof typeof LAYERS;
type Version = (typeof VERSIONS)[number];
type Pass = (typeof PASSES)[number];

/** Time steps. */
const T = 64;

/** Timed training steps; the shortest counts, since other work on the machine can only lengthen one. */
const SAMPLES = 5;

/** Milliseconds after which no further step of a pass is timed. */
const LONGEST = 3000;

/** A layer of H inputs and H units over B sequences of 64 steps, or of 1 to 64 where they are packed. */
export interface LayerSizes {
  readonly layer: Layer;
  readonly H: number;
  readonly B: number;
  readonly packed: boolean;
}

/** A pass of a layer by one version, in µs a time step. */
export interface VersionTime extends LayerSizes {
  readonly pass: Pass;
  readonly version: Version;
  readonly micros: number;
  /** What the planner predicts. */
  readonly predicted: number;
}

/** All layers at all sizes, with packed sequences at 32. */
export function versionSizes(H: readonly number[], B: readonly number[]): LayerSizes[] {
  const layers = Object.keys(LAYERS) as Layer[];
  return layers.flatMap((layer) =>
    H.flatMap((H) =>
      B.flatMap((B) => [
        { layer, H, B, packed: false },
        ...(B === 32 ? [{ layer, H, B, packed: true }] : []),
      ]),
    ),
  );
}

/** A layer whose last hidden states are trained toward zero. */
class Model extends nn.Module {
  readonly recurrent: nn.LSTM | nn.GRU | nn.RNN;

  constructor({ layer, H }: LayerSizes) {
    super();
    this.recurrent = new LAYERS[layer](H, H);
  }

  forward(x: Tensor | nn.utils.rnn.PackedSequence): Tensor {
    const { recurrent } = this;
    if (recurrent instanceof nn.LSTM) return recurrent.forward(x).state.h;
    return recurrent.forward(x).state;
  }
}

/**
 * Times every version, size by size. What the adapter or a size does not have is left out.
 * @param end Time by `performance.now()` after which no version of a size is begun; those that are left are said
 */
export async function timeVersions(
  gpu: GPU,
  sizes: readonly LayerSizes[],
  end: number,
  say: (line: string) => void,
): Promise<VersionTime[]> {
  const measured = await Device.request({ gpu, selfTest: false });
  const { facts } = measured;
  measured.dispose();
  const times: VersionTime[] = [];
  // One device a version, planned by the same facts.
  const devices = new Map<Version, Device>();
  try {
    for (const version of VERSIONS)
      devices.set(
        version,
        await Device.request({ gpu, facts, versions: { recurrent: version }, selfTest: false }),
      );
    for (const size of sizes) {
      for (const [version, device] of devices) {
        if (performance.now() > end) {
          say(`${nameOf(size)}, ${version}: no time left`);
          continue;
        }
        const own = await timeVersion(device, version, size);
        times.push(...own);
        const shown = own.map(({ pass, micros }) => `${pass} ${digits(micros)} µs`).join(", ");
        say(`${nameOf(size)}, ${version}: ${shown || "not offered"}`);
      }
    }
    return times;
  } finally {
    for (const device of devices.values()) device.dispose();
  }
}

/** The passes that a pinned version has run. */
async function timeVersion(device: Device, version: Version, size: LayerSizes): Promise<VersionTime[]> {
  const { layer, H, B, packed } = size;
  const random = new Generator(0);
  const x = random.uniform_(new Float32Array(T * B * H), -1, 1);
  const lengths = Int32Array.from({ length: B }, (_, i) => 1 + ((i * 37) % T));
  const model = new Model(size);
  const step = await device.compile(
    ({ x, lengths }) => {
      const input = packed ? nn.utils.rnn.packPaddedSequence(x, lengths, { enforceSorted: false }) : x;
      return { loss: model.forward(input).square().mean() };
    },
    {
      inputs: { x: [T, B, H], lengths: [B] },
      minimize: "loss",
      optimizer: new optim.SGD(model.parameters(), { lr: 1e-3 }),
    },
  );
  try {
    const names = (await step.profile({ x, lengths })).dispatches.map(({ kernel }) => kernel);
    const predicted = predictionsOf(await step.describe(), layer);
    const times: VersionTime[] = [];
    for (const pass of PASSES) {
      const range = rangeOf(names, `${layer}_${version}_${pass}`);
      const prediction = predicted[pass][version];
      if (!range || prediction === undefined) continue;
      const micros = (await timeRange(device, () => step.run({ x, lengths }), range)) / T;
      times.push({ ...size, pass, version, micros, predicted: prediction });
    }
    return times;
  } finally {
    step.dispose();
    model.dispose();
  }
}

/** Where a pass is in the program: from its first kernel to its last, with what lies between, and the transposition that some need. */
function rangeOf(names: readonly string[], kernel: string): readonly [begin: number, end: number] | null {
  const begin = names.indexOf(kernel);
  if (begin < 0) return null;
  const transposes = names[begin - 1] === "transpose_weight";
  return [transposes ? begin - 1 : begin, names.lastIndexOf(kernel) + 1];
}

/** The shortest time of some dispatches of a step in µs, in the step as it is: all before and after them run too. */
async function timeRange(
  device: Device,
  run: () => unknown,
  [begin, end]: readonly [number, number],
): Promise<number> {
  const timestamps = new Timestamps(device, 2);
  const mark = (index: number) =>
    device.encode((encoder) =>
      encoder.beginComputePass({ timestampWrites: timestamps.writesOf(index) }).end(),
    );
  const submit = device.submit.bind(device);
  let at = 0;
  device.submit = (dispatches: readonly PreparedDispatch[], copies = []) => {
    const [from, to] = [begin - at, end - at].map((index) => Math.min(Math.max(index, 0), dispatches.length));
    submit(dispatches.slice(0, from));
    if (begin >= at && begin < at + dispatches.length) mark(0);
    submit(dispatches.slice(from, to));
    if (end > at && end <= at + dispatches.length) mark(1);
    submit(dispatches.slice(to), copies);
    at += dispatches.length;
  };
  try {
    let shortest = Number.POSITIVE_INFINITY;
    const end = performance.now() + LONGEST;
    for (let i = 0; i < SAMPLES && (i === 0 || performance.now() < end); i++) {
      at = 0;
      run();
      const [before, after] = await timestamps.read();
      shortest = Math.min(shortest, after!.begin - before!.end);
    }
    return shortest;
  } finally {
    device.submit = submit;
    timestamps.dispose();
  }
}

/** What `step.describe()` says of a layer's passes: µs a time step by version. */
function predictionsOf(description: string, layer: Layer): Record<Pass, Partial<Record<Version, number>>> {
  const of = (pass: Pass) => {
    const line = description.split("\n").find((line) => line.startsWith(`${layer} ${pass},`));
    if (line === undefined)
      throw new Error(`step.describe() has no line for ${layer} ${pass}:\n${description}`);
    const micros = line.trimEnd().split(/ {2,}/).at(-1)!;
    const found = VERSIONS.flatMap((version) => {
      const time = new RegExp(`\\b${version} (\\S+?)(,|$)`).exec(micros)?.[1];
      return time === undefined ? [] : [[version, Number(time)] as const];
    });
    return Object.fromEntries(found);
  };
  return { forward: of("forward"), backward: of("backward") };
}

const nameOf = ({ layer, H, B, packed }: LayerSizes) =>
  `${layer.toUpperCase()}(${H}→${H}), B=${B}${packed ? ", packed" : ""}`;

/** A row for each size and pass: every version's time with the predicted one behind it, the fastest, and what predictions choose. */
export function versionTable(times: readonly VersionTime[]): string {
  const rows = new Map<string, VersionTime[]>();
  for (const time of times) {
    const key = `${nameOf(time)}|${time.pass}`;
    rows.set(key, [...(rows.get(key) ?? []), time]);
  }
  const header = ["layer", "pass", ...VERSIONS, "fastest", "planned", "its loss"];
  return markdown(
    [
      header,
      ...[...rows].map(([key, own]) => {
        const cells = VERSIONS.map((version) => {
          const found = own.find((time) => time.version === version);
          return found ? `${digits(found.micros)} (${digits(found.predicted)})` : "–";
        });
        const fastest = least(own, ({ micros }) => micros);
        const predictable = own.filter(({ version }) => !TIMED.includes(version));
        const planned = least(predictable, ({ predicted }) => predicted);
        const loss = planned.micros / fastest.micros;
        return [...key.split("|"), ...cells, fastest.version, planned.version, `${loss.toFixed(2)}×`];
      }),
    ],
    2,
  );
}

function least(times: readonly VersionTime[], by: (time: VersionTime) => number): VersionTime {
  return times.reduce((best, time) => (by(time) < by(best) ? time : best));
}
