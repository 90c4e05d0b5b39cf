// Layers on layers: each reads the outputs of the one below
import { Device, manualSeed, nn, randn } from "webgpu-lstm";

manualSeed(0);
const deep = new nn.LSTM(2, 3, { numLayers: 3, dropout: 0.5 });
deep.eval(); // no dropout between the layers
const x = randn([9, 2, 2]);

const device = await Device.request();
const step = await device.compile(({ x }) => ({ h: deep.forward(x).state.h }), { inputs: { x } });
const { shape, data } = await step.ask({ x }, "h");
console.log(`h [${shape.join(", ")}]`);
for (let layer = 0; layer < 3; layer++) {
  const values = Array.from(data.slice(layer * 6, layer * 6 + 3), (value) => value.toFixed(4));
  console.log(`layer ${layer}: ${values.join(" ")}`);
}
device.dispose();
