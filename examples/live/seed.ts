// One seed, one model: the weights that PyTorch draws
import { manualSeed, nn } from "webgpu-lstm";

manualSeed(42);
const gru = new nn.GRU(3, 5);
for (const [key, { shape, data }] of await gru.stateDict()) {
  console.log(`${key} [${shape.join(", ")}] begins with ${data[0]!.toFixed(6)}`);
}
