/** The page's half: the page stays responsive while the worker trains. */
import { connect, transfer } from "webgpu-lstm/worker";

/** What the page sends the worker: anything that can be cloned. */
export interface Config {
  readonly hidden: number;
  readonly series: Float32Array<ArrayBuffer>;
}

/** Trains until `signal` is aborted or all epochs are done; returns the model's forecast of the next value. */
export async function main(print: (line: string) => void, signal: AbortSignal): Promise<number> {
  const series = Float32Array.from({ length: 500 }, (_, t) => Math.sin(t / 10));
  const end = series.slice(-20);
  const worker = new Worker(new URL("./train.worker.ts", import.meta.url), { type: "module" });
  // The series is transferred, not copied: the page can no longer read it.
  const trainer = await connect<Config>(worker, transfer({ hidden: 16, series }, [series.buffer]));
  print(`training on ${trainer.device}`);

  const onProgress = ({ batch, batches }: { batch: number; batches: number | undefined }) =>
    print(`batch ${batch} of ${batches}`);
  try {
    for await (const { epoch, loss } of trainer.fit("train", { epochs: 15, signal, onProgress }))
      print(`epoch ${epoch}: loss ${loss.toFixed(4)}`);
  } catch (error) {
    // The model keeps what it has learned.
    if (error !== signal.reason) throw error;
  }
  print(`${await trainer.call<number>("memory")} bytes on the GPU`);
  const { data } = await trainer.predict({ data: end, shape: [1, 20, 1] });
  await trainer.dispose(); // ends the worker too
  return data[0]!;
}
