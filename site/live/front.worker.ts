/** Trains the front page's model, and lets it go on from the window that the page shows. */
import { cat, Device, manualSeed, nn, optim, type Tensor } from "webgpu-lstm";
import { type Begin, type FrontReport, READ, WRITTEN, waveFrom } from "./front.ts";

const HIDDEN = 24;
const BATCH = 16;
const STEPS = 600;
/** Steps between two roll-outs. */
const EVERY = 4;

class NextValue extends nn.Module {
  readonly lstm = new nn.LSTM(1, HIDDEN, { batchFirst: true });
  readonly fc = new nn.Linear(HIDDEN, 1);

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output); // [N, T, 1]
  }

  /** Reads x [1, T, 1], then goes on from its own answers: [1, WRITTEN]. */
  rollOut(x: Tensor): Tensor {
    let { output, state } = this.lstm.forward(x);
    const written = [this.fc.forward(output.select(1, -1))];
    while (written.length < WRITTEN) {
      ({ output, state } = this.lstm.forward(written.at(-1)!.unsqueeze(1), state));
      written.push(this.fc.forward(output.select(1, -1)));
    }
    return cat(written, 1);
  }
}

const tell = (report: FrontReport) => self.postMessage(report);
let window = waveFrom(0, READ);
let wake = () => {};

self.onmessage = ({ data }: MessageEvent<Begin>) => {
  window = data.window;
  wake();
};

async function work(): Promise<void> {
  const device = await Device.request();
  tell({ kind: "device", name: device.describe() });
  manualSeed(0);
  const model = new NextValue();
  const criterion = new nn.MSELoss();
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
  const shape = [BATCH, READ, 1];
  const train = await device.compile(({ x, y }) => ({ loss: criterion.forward(model.forward(x), y) }), {
    inputs: { x: shape, y: shape },
    optimizer,
  });
  const goOn = await device.compile(({ x }) => ({ written: model.rollOut(x) }), {
    inputs: { x: [1, READ, 1] },
  });
  let answered = window;
  const answer = async () => {
    answered = window;
    return (await goOn.ask({ x: answered }, "written")).data as Float32Array;
  };

  let loss = Number.NaN;
  for (let step = EVERY; step <= STEPS; step += EVERY) {
    for (let i = 0; i < EVERY; i++) {
      const begins = Array.from({ length: BATCH }, () => Math.random() * 1000);
      const x = new Float32Array(BATCH * READ);
      const y = new Float32Array(BATCH * READ);
      begins.forEach((t, n) => {
        x.set(waveFrom(t, READ), n * READ);
        y.set(waveFrom(t + 1, READ), n * READ);
      });
      const result = train.run({ x, y });
      if (i === EVERY - 1) loss = await result.loss.item();
    }
    tell({ kind: "step", step, loss, written: await answer(), learned: step === STEPS });
  }
  for (;;) {
    // Each message brings another array, also one that came while the last was answered.
    if (answered === window) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    tell({ kind: "step", step: STEPS, loss, written: await answer(), learned: true });
  }
}

work().catch((error: Error) => tell({ kind: "failed", message: error.message }));
