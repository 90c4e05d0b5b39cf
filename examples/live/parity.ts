// A classifier: is the number of ones odd?
import { Device, data, manualSeed, nn, optim, rand, type Tensor, Trainer } from "webgpu-lstm";
import { plot } from "./plot.ts";

class OddOnes extends nn.Module {
  gru = new nn.GRU(1, 8, { batchFirst: true });
  fc = new nn.Linear(8, 2);

  forward(x: Tensor): Tensor {
    return this.fc.forward(this.gru.forward(x).output.select(1, -1)); // logits
  }
}

manualSeed(2);
const bits = rand([64, 5, 1]).data.map((value) => (value < 0.5 ? 0 : 1));
const ones = (row: number) => bits.slice(row * 5, row * 5 + 5).reduce((sum, bit) => sum + bit, 0);
const x = { data: bits, shape: [64, 5, 1] };
const y = { data: Int32Array.from({ length: 64 }, (_, row) => ones(row) % 2), shape: [64] };

const device = await Device.request();
const model = new OddOnes();
const optimizer = new optim.Adam(model.parameters(), { lr: 0.03 });
const trainer = new Trainer(device, model, { loss: new nn.CrossEntropyLoss(), optimizer });
const loader = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 64 });
const losses: number[] = [];
for await (const { epoch, loss } of trainer.fit(loader, { epochs: 60 })) {
  losses.push(loss);
  if (epoch % 20 === 0) console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}`);
}
plot("loss", { loss: losses });
device.dispose();
