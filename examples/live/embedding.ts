// Words to numbers: an embedding is a table, and its gradient is zero where nobody looked
import { Device, grad, manualSeed, nn } from "webgpu-lstm";

manualSeed(0);
const embedding = new nn.Embedding(5, 2, { paddingIdx: 0 });
const ids = { data: Int32Array.of(3, 0, 3, 1), shape: [4] };

const device = await Device.request();
const step = await device.compile(
  ({ ids }) => {
    const looked = embedding.forward(ids);
    const [table] = grad(looked.square().sum(), [embedding.weight]);
    return { looked, table: table! };
  },
  { inputs: { ids } },
);
const { looked, table } = step.run({ ids });
for (const [name, result] of Object.entries({ looked, table })) {
  const { data } = await result.read();
  for (let row = 0; row < data.length; row += 2)
    console.log(`${name} ${row / 2}: ${data[row]!.toFixed(4)} ${data[row + 1]!.toFixed(4)}`);
}
device.dispose();
