/** What an engine's adapter is, which kernel versions it gets, and how fast a small model trains on it. */
import { Device, nn, optim } from "webgpu-lstm";

/** A line of the report. */
export interface Probe {
  readonly adapter: string;
  /** The kernels of the recurrent layer's forward pass and the products, as `step.describe()` has them. */
  readonly versions: string;
  /** Training steps a second of LSTM(1→50) and a Linear, T = 20, B = 64, Adam, each answered before the next. */
  readonly stepsPerSecond: number;
}

/** In place of a file's name: run the probe. */
export const PROBE = "probe";

const SECONDS = 3;

export async function probe(): Promise<Probe> {
  const device = await Device.request();
  const lstm = new nn.LSTM(1, 50, { batchFirst: true });
  const head = new nn.Linear(50, 1);
  const criterion = new nn.MSELoss();
  const step = await device.compile(
    ({ x, y }) => ({
      loss: criterion.forward(head.forward(lstm.forward(x).output.select(1, -1)), y),
    }),
    {
      inputs: { x: [64, 20, 1], y: [64, 1] },
      optimizer: new optim.Adam([...lstm.parameters(), ...head.parameters()]),
    },
  );
  const x = Float32Array.from({ length: 64 * 20 }, (_, i) => Math.sin(i / 7));
  const y = Float32Array.from({ length: 64 }, (_, i) => Math.cos(i / 7));
  const ask = () => step.ask({ x, y }, "loss");
  await ask();
  let steps = 0;
  const start = performance.now();
  let seconds = 0;
  for (; seconds < SECONDS; seconds = (performance.now() - start) / 1000) {
    await ask();
    steps++;
  }
  const choices = step.program.source.choices.made.map(({ version }) => version);
  const versions = [...new Set(choices)].join(", ");
  const adapter = device.describe();
  device.dispose();
  return { adapter, versions, stepsPerSecond: steps / seconds };
}
