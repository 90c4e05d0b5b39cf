import { WebGpuLstmError } from "./errors.ts";

/**
 * A module that is loaded when it is first needed, in a chunk of its own where a bundler makes chunks: a page downloads what its models
 * use. Planning is synchronous, so `device.compile` loads everything that a traced function may need before it plans.
 */
export class OnDemand<Module> {
  readonly #import: () => Promise<Module>;
  #module: Module | null = null;
  #loading: Promise<void> | null = null;

  /** @param load Imports the module: `() => import("./adam.wgsl.ts")`. */
  constructor(load: () => Promise<Module>) {
    this.#import = load;
  }

  /** Loads the module once. After a failure the next call imports again; Chromium gives the same failure until the page is reloaded. */
  load(): Promise<void> {
    this.#loading ??= this.#import().then(
      (module) => {
        this.#module = module;
      },
      (cause: unknown) => {
        this.#loading = null;
        throw new WebGpuLstmError(
          `webgpu-lstm: a part of the library could not be loaded (${(cause as Error).message}); check the connection and the ` +
            "server's files, then reload the page",
          { cause },
        );
      },
    );
    return this.#loading;
  }

  /** The module, once it is loaded. */
  get module(): Module {
    if (this.#module !== null) return this.#module;
    throw new WebGpuLstmError(
      "step.run: these input shapes, or replaced modules, need ops that the step was not compiled with; compile another step",
    );
  }
}

/** Loads several modules at once. */
export async function loadAll(modules: Iterable<OnDemand<unknown>>): Promise<void> {
  await Promise.all([...new Set(modules)].map((module) => module.load()));
}
