/** The worker's half of a run: a view's `train.worker.ts` calls {@link serveRun}. */
import { Device } from "webgpu-lstm";
import { type Served, serve } from "webgpu-lstm/worker";
import { KEEP, RunKeeper } from "./keeper.ts";
import { openStore } from "./store.ts";

/** The page's message to the worker. */
export interface RunStart<Config> {
  readonly config: Config;
  /** Whether to continue from the stored checkpoint. */
  readonly resume: boolean;
}

/**
 * Serves a run on a device of this worker.
 * @param id The view's name, under which the run is stored for a reload.
 * @param create Makes the trainer, its loaders `train` and optionally `validation`, and the view's actions and callbacks.
 */
export function serveRun<Config>(
  id: string,
  create: (device: Device, config: Config) => Served | Promise<Served>,
): void {
  serve<RunStart<Config>>({
    create: async ({ config, resume }) => {
      const device = await Device.request();
      const served = await create(device, config);
      const store = await openStore();
      if (resume) {
        if (!store) throw new Error("The browser no longer lets this page read what it has kept.");
        await served.trainer.resume(await store.load(id));
      }
      const keeper = new RunKeeper(served.trainer, store, id);
      return {
        ...served,
        callbacks: { ...served.callbacks, [KEEP]: keeper },
        actions: { ...served.actions, [KEEP]: () => keeper.keep() },
      };
    },
  });
}
