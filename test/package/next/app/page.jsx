import { data, nn } from "webgpu-lstm";
import Training from "./training.jsx";

/** A server component: layers and data sets need no GPU until they are placed on one. */
export default function Page() {
  const weights = new nn.LSTM(1, 4).parameters().length;
  const windows = data.slidingWindows(new Float32Array(30), { length: 20 });
  return (
    <main>
      <p id="server">{`${weights} parameters, ${windows.length} windows`}</p>
      <Training />
    </main>
  );
}
