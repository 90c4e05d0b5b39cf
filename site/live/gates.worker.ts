/** Trains a small LSTM on the front page's wave, and opens its gates over the series that the page shows. */
import { Device, manualSeed, nn, optim, stack, type Tensor } from "webgpu-lstm";
import { type Begin, READ, waveFrom } from "./front.ts";
import { type GatesReport, UNITS } from "./gates.ts";

const BATCH = 16;
const STEPS = 240;
/** Training steps between two looks at the gates. */
const EVERY = 12;

const tell = (report: GatesReport) => self.postMessage(report);
let series = waveFrom(0, READ);
let wake = () => {};

self.onmessage = ({ data }: MessageEvent<Begin>) => {
  series = data.window;
  wake();
};

/** Gates and states of every step for x [T, 1, 1], by the equations: [6, T, UNITS], in the order i, f, g, o, c, h. */
function openGates(lstm: nn.LSTM, x: Tensor, zero: Tensor): Tensor {
  const [wx, wh, bx, bh] = lstm.parameters();
  let [h, c] = [zero, zero];
  const steps = Array.from({ length: READ }, (_, t) => {
    const fromX = x.select(0, t).matmul(wx!.transpose(0, 1)).add(bx!);
    const [i, f, g, o] = fromX
      .add(h.matmul(wh!.transpose(0, 1)))
      .add(bh!)
      .chunk(4, 1);
    const gates = [i!.sigmoid(), f!.sigmoid(), g!.tanh(), o!.sigmoid()] as const;
    c = gates[1].mul(c).add(gates[0].mul(gates[2]));
    h = gates[3].mul(c.tanh());
    return stack([...gates, c, h], 0); // [6, 1, UNITS]
  });
  return stack(steps, 1).view([6, READ, UNITS]);
}

async function work(): Promise<void> {
  const device = await Device.request();
  manualSeed(0);
  const lstm = new nn.LSTM(1, UNITS);
  const fc = new nn.Linear(UNITS, 1);
  const criterion = new nn.MSELoss();
  const shape = [READ, BATCH, 1];
  const train = await device.compile(
    ({ x, y }) => ({ loss: criterion.forward(fc.forward(lstm.forward(x).output), y) }),
    {
      inputs: { x: shape, y: shape },
      optimizer: new optim.Adam([...lstm.parameters(), ...fc.parameters()], { lr: 0.02 }),
    },
  );
  const look = await device.compile(({ x, zero }) => ({ gates: openGates(lstm, x, zero) }), {
    inputs: { x: [READ, 1, 1], zero: [1, UNITS] },
  });
  const zero = new Float32Array(UNITS);
  let shown = series;
  const show = async (step: number, loss: number) => {
    shown = series;
    const { data } = await look.ask({ x: shown, zero }, "gates");
    tell({ kind: "gates", step, loss, gates: data as Float32Array, learned: step === STEPS });
  };

  let loss = Number.NaN;
  for (let step = EVERY; step <= STEPS; step += EVERY) {
    for (let i = 0; i < EVERY; i++) {
      const x = new Float32Array(BATCH * READ);
      const y = new Float32Array(BATCH * READ);
      for (let n = 0; n < BATCH; n++) {
        const from = Math.random() * 1000;
        waveFrom(from, READ).forEach((value, t) => {
          x[t * BATCH + n] = value;
        });
        waveFrom(from + 1, READ).forEach((value, t) => {
          y[t * BATCH + n] = value;
        });
      }
      const result = train.run({ x, y });
      if (i === EVERY - 1) loss = await result.loss.item();
    }
    await show(step, loss);
  }
  for (;;) {
    // Each message brings another array, also one that came while the last was answered.
    if (shown === series) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    await show(STEPS, loss);
  }
}

work().catch((error: Error) => tell({ kind: "failed", message: error.message }));
