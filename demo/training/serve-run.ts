/** The worker's half of a run: a view's `train.worker.ts` calls {@link serveRun}. */
import { Device } from "webgpu-lstm";
import { type Served, serve } from "webgpu-lstm/worker";
import { KEEP, RunKeeper } from "./keeper.ts";
import { openStore, unpack } from "./store.ts";

/** The page's message to the worker. */
export interface RunStart<Config> {
  readonly config: Config;
  /** The name under which the run is stored. */
  readonly name: string;
  /** Whether to continue from what is stored there. */
  readonly resume: boolean;
}

/**
 * Serves a run on a device of this worker.
 * @param create Makes the trainer, its loaders `train` and optionally `validation`, and the view's actions and callbacks.
 */
export function serveRun<Config>(create: (device: Device, config: Config) => Served | Promise<Served>): void {
  serve<RunStart<Config>>({
    create: async ({ config, name, resume }) => {
      const device = await Device.request();
      const served = await create(device, config);
      const store = await openStore();
      if (resume) {
        if (!store) throw new Error("The browser no longer lets this page read what it has kept.");
        await served.trainer.resume(unpack(await store.load(name)).checkpoint);
      }
      const keeper = new RunKeeper(served.trainer, store, name, config);
      return {
        ...served,
        callbacks: { ...served.callbacks, [KEEP]: keeper },
        actions: { ...served.actions, [KEEP]: () => keeper.keep() },
      };
    },
  });
}
