/**
 * Watches the sensors of sixteen machines: a GRU predicts each next value, and a value far from its prediction is an anomaly. One step
 * answers all sixteen; their states stay on the GPU.
 */
import { type Device, data, manualSeed, nn, optim, Stream, type Tensor, Trainer } from "webgpu-lstm";

class NextValue extends nn.Module {
  readonly gru = new nn.GRU(1, 24);
  readonly fc = new nn.Linear(24, 1);

  // A stream requires only this form: a state in, a state out.
  forward(x: Tensor, state?: Tensor): { output: Tensor; state: Tensor } {
    const { output, state: next } = this.gru.forward(x, state); // [T, N, 24]
    return { output: this.fc.forward(output), state: next };
  }
}

/** For training: maps windows [N, T, 1] to predictions of the value after each window. */
class LastPrediction extends nn.Module {
  readonly model: NextValue;

  constructor(model: NextValue) {
    super();
    this.model = model;
  }

  forward(windows: Tensor): Tensor {
    return this.model.forward(windows.transpose(0, 1)).output.select(0, -1);
  }
}

const MACHINES = 16;

/** Machine `m` at time `t`; the fifth one jumps at 60. */
const sensor = (m: number, t: number) => Math.sin(t / 6 + m) + (m === 5 && t === 60 ? 1 : 0);

/** Returns every anomaly: machine and time. */
export async function main(device: Device, print: (line: string) => void): Promise<[number, number][]> {
  manualSeed(0);
  const model = new NextValue();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const trainer = new Trainer(device, new LastPrediction(model), { loss: new nn.MSELoss(), optimizer });
  const series = Float32Array.from({ length: 400 }, (_, t) => Math.sin(t / 6));
  const windows = data.slidingWindows(series, { length: 24 });
  const loader = new data.DataLoader(windows, { batchSize: 47, shuffle: true });
  for await (const { epoch, loss } of trainer.fit(loader, { epochs: 12 })) print(`epoch ${epoch}: ${loss}`);
  await trainer.dispose();

  const stream = await Stream.open(device, model, { streams: MACHINES, input: [1] });
  const anomalies: [number, number][] = [];
  let predicted: Float32Array | null = null;
  for (let t = 0; t < 80; t++) {
    const values = Float32Array.from({ length: MACHINES }, (_, m) => sensor(m, t));
    if (predicted && t >= 24) {
      for (const [m, value] of values.entries()) {
        if (Math.abs(value - predicted[m]!) < 0.5) continue;
        print(`machine ${m} at ${t}: ${value.toFixed(2)}, expected ${predicted[m]!.toFixed(2)}`);
        anomalies.push([m, t]);
      }
    }
    predicted = (await stream.step(values)).data; // [16, 1]
  }
  stream.dispose();
  model.dispose();
  return anomalies;
}
