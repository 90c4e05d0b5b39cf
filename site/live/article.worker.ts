/** Answers the article's questions with the library, on the reader's device. */
import { Device, grad, manualSeed, nn, optim, randn, type Tensor } from "webgpu-lstm";
import { type Answer, type Answers, type Question, type Questions, readPlan, STEPS } from "./article.ts";

const opened = Device.request();

type Reach = (bias: number) => Promise<Float32Array>;
let reach: Promise<Reach> | null = null;

/** How far the last output's gradient reaches back, in an LSTM of eight units. */
async function openReach(): Promise<Reach> {
  const device = await opened;
  manualSeed(3);
  const hidden = 8;
  const lstm = new nn.LSTM(1, hidden);
  const x = randn([STEPS, 1, 1]);
  const start = await lstm.stateDict();
  const step = await device.compile(
    ({ x }) => {
      const last = lstm.forward(x).output.select(0, -1).sum();
      return { gradient: grad(last, [x])[0]! };
    },
    { inputs: { x } },
  );
  return async (bias) => {
    const state = new Map([...start].map(([key, { data, shape }]) => [key, { data: data.slice(), shape }]));
    state.get("bias_ih_l0")!.data.fill(0, hidden, 2 * hidden);
    state.get("bias_hh_l0")!.data.fill(bias, hidden, 2 * hidden); // gates lie in the order i, f, g, o
    lstm.loadStateDict(state);
    const { data } = await step.ask({ x }, "gradient");
    return data as Float32Array;
  };
}

/** One training step, by the layer and op by op. */
async function plans(): Promise<Answers["plans"]> {
  const device = await opened;
  const [steps, batch, inputs, hidden] = [32, 16, 8, 64];
  const x = [steps, batch, inputs];
  const y = [batch, hidden];
  const criterion = new nn.MSELoss();
  const lstm = new nn.LSTM(inputs, hidden);
  const byLayer = await device.compile(
    ({ x, y }) => ({ loss: criterion.forward(lstm.forward(x).output.select(0, -1), y) }),
    { inputs: { x, y }, optimizer: new optim.SGD(lstm.parameters()) },
  );
  const layer = readPlan(await byLayer.describe());
  byLayer.dispose();

  const cell = new nn.LSTMCell(inputs, hidden);
  const byOps = await device.compile(
    ({ x, y, h, c }) => {
      const [wx, wh, bx, bh] = cell.parameters();
      const product = (value: Tensor, weight: Tensor) => value.matmul(weight.transpose(0, 1));
      for (let t = 0; t < steps; t++) {
        const all = product(x.select(0, t), wx!).add(bx!).add(product(h, wh!)).add(bh!);
        const [i, f, g, o] = all.chunk(4, 1);
        c = f!.sigmoid().mul(c).add(i!.sigmoid().mul(g!.tanh()));
        h = o!.sigmoid().mul(c.tanh());
      }
      return { loss: criterion.forward(h, y) };
    },
    { inputs: { x, y, h: y, c: y }, optimizer: new optim.SGD(cell.parameters()) },
  );
  const ops = readPlan(await byOps.describe());
  byOps.dispose();
  return { layer, ops };
}

async function answer({ kind, value }: Question): Promise<Answers[keyof Answers]> {
  if (kind === "plans") return plans();
  reach ??= openReach();
  return (await reach)((value as Questions["reach"]).bias);
}

self.onmessage = async ({ data }: MessageEvent<Question>) => {
  const tell = (message: Answer) => self.postMessage(message);
  try {
    tell({ id: data.id, value: await answer(data) });
  } catch (error) {
    tell({ id: data.id, message: (error as Error).message });
  }
};
