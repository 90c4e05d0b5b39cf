import { checkOptions, show } from "../checks.ts";
import { DisposedError, OptionError } from "../errors.ts";
import { FitRun } from "./fit-run.ts";
import { type CallName, type Calls, PROTOCOL, type Reply, type Request, received } from "./protocol.ts";
import { checkServed, named, type Served } from "./served.ts";
import { buffersOf, transfersOf } from "./transfer.ts";
import { toWire } from "./wire-errors.ts";

/** Options of {@link serve}. */
export interface ServeOptions<Config> {
  /**
   * Creates the trainer, its loaders and the rest from the config that the page passed to `connect`. It requests the device itself,
   * with `Device.request()`.
   */
  create(config: Config): Served | Promise<Served>;
}

/** The parts of a dedicated worker's global scope that are used here. */
interface WorkerScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  readonly navigator?: { readonly locks?: LockManager };
}

/** Calls whose answers are fresh arrays: they are transferred, not copied. */
const HANDED_OVER: readonly CallName[] = ["predict", "stateDict", "checkpoint"];

let serving = false;

/**
 * Lets a page that calls {@link connect} train in this worker. Call it once, while the worker's module is first run.
 *
 * @typeParam Config The type of the config. Page and worker share it: `serve<Config>` and `connect<Config>`.
 *
 * @example
 * // train.worker.ts
 * serve<Config>({
 *   create: async ({ seed, x, y }) => {
 *     const device = await Device.request();
 *     manualSeed(seed);
 *     const model = new Forecaster();
 *     const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 });
 *     const trainer = new Trainer(device, model, { loss: new nn.MSELoss(), optimizer });
 *     return { trainer, loaders: { train: new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 64 }) } };
 *   },
 * });
 */
export function serve<Config = unknown>(options: ServeOptions<Config>): void {
  checkOptions("serve", options, ["create"]);
  if (typeof options.create !== "function") {
    throw new OptionError(`serve: create must be a function, got ${show(options.create)}`);
  }
  const scope = globalThis as unknown as WorkerScope;
  if (typeof scope.postMessage !== "function" || "document" in globalThis) {
    throw new OptionError(
      "serve: this is no worker; call it in the file that the page gives to new Worker()",
    );
  }
  if (serving) throw new OptionError("serve: this worker serves already; call it once");
  serving = true;
  const server = new Server(options.create as (config: unknown) => unknown, (reply, transfer) =>
    scope.postMessage({ ...reply, protocol: PROTOCOL }, transfer),
  );
  scope.addEventListener("message", ({ data }) => {
    const request = received<Request>(data);
    if (request) server.take(request);
  });
  holdLock(scope).then((lock) => server.announce(lock));
}

/** Holds a lock for as long as the worker lives, and gives its name. A page learns of a worker's end in no other way. */
async function holdLock({ navigator }: WorkerScope): Promise<string | null> {
  const { locks } = navigator ?? {};
  if (!locks) return null;
  const name = `${PROTOCOL} ${crypto.randomUUID()}`;
  return new Promise((resolve) => {
    const never = new Promise<never>(() => {});
    // In an opaque origin locks exist, but may not be used.
    locks
      .request(name, () => {
        resolve(name);
        return never;
      })
      .catch(() => resolve(null));
  });
}

class Server {
  readonly #create: (config: unknown) => unknown;
  readonly #reply: (reply: Reply, transfer: Transferable[]) => void;
  /** The lock's name; null if there is none to be had, undefined until that is known. */
  #lock: string | null | undefined;
  #served: Served | null = null;
  readonly #runs = new Map<number, FitRun>();

  constructor(create: (config: unknown) => unknown, reply: (reply: Reply, transfer: Transferable[]) => void) {
    this.#create = create;
    this.#reply = reply;
  }

  /** Tells the page that this worker serves. The page asks too, since it may not have been listening the first time. */
  announce(lock = this.#lock): void {
    this.#lock = lock;
    if (lock !== undefined) this.#reply({ kind: "serving", lock }, []);
  }

  take(request: Request): void {
    if (request.kind === "hello") this.announce();
    else if (request.kind === "abort") this.#runs.get(request.run)?.abort();
    else if (request.kind === "progressed") this.#runs.get(request.run)?.progressed(request.failed);
    else void this.#answer(request.id, request.name, request.args);
  }

  async #answer(id: number, name: CallName, args: readonly unknown[]): Promise<void> {
    try {
      const call = this.#calls[name] as (...args: readonly unknown[]) => unknown;
      const value = await call(...args);
      const transfer = HANDED_OVER.includes(name) ? buffersOf(value) : transfersOf([value]);
      this.#reply({ kind: "answer", id, value }, [...new Set(transfer)]);
    } catch (thrown) {
      const run = name === "next" ? this.#runs.get(args[0] as number) : undefined;
      const error = isCloneError(thrown)
        ? new OptionError(`${name}: what the worker answered cannot be sent to the page: ${thrown.message}`)
        : thrown;
      this.#reply({ kind: "failure", id, error: run ? run.wire(error) : toWire(error) }, []);
    }
  }

  get #now(): Served {
    if (!this.#served) throw new DisposedError("serve: the worker has no trainer yet, or no longer");
    return this.#served;
  }

  #run(run: number): FitRun {
    const found = this.#runs.get(run);
    if (!found) throw new DisposedError("Trainer.fit: this run is over");
    return found;
  }

  #loader(where: string, name: string) {
    return named(where, "loader", this.#now.loaders, name);
  }

  readonly #calls: { readonly [K in CallName]: (...args: Parameters<Calls[K]>) => unknown } = {
    create: async (config) => {
      if (this.#served)
        throw new OptionError("connect: this worker has a trainer already; make another worker");
      const served = await this.#create(config);
      checkServed(served);
      this.#served = served;
      const lengths = Object.entries(served.loaders).map(([name, { length }]) => [name, length]);
      return { device: served.trainer.device.describe(), loaders: Object.fromEntries(lengths) };
    },
    fit: (run, loader, options) => {
      const report = (progress: Parameters<ConstructorParameters<typeof FitRun>[3]>[0]) =>
        this.#reply({ kind: "progress", run, progress }, []);
      this.#runs.set(run, new FitRun(this.#now, loader, options, report));
    },
    next: (run) => this.#run(run).next(),
    leave: async (run) => {
      const found = this.#run(run);
      const reports = await found.leave();
      this.#runs.delete(run);
      return reports;
    },
    evaluate: (loader) => this.#now.trainer.evaluate(this.#loader("Trainer.evaluate", loader)),
    predict: (x, options) => this.#now.trainer.predict(x, options),
    stateDict: () => this.#now.trainer.model.stateDict(),
    loadStateDict: (state) => this.#now.trainer.model.loadStateDict(state),
    checkpoint: () => this.#now.trainer.checkpoint(),
    resume: (bytes) => this.#now.trainer.resume(bytes),
    history: () => this.#now.trainer.history.reports,
    describe: () => this.#now.trainer.describe(),
    action: (name, args) => named("trainer.call", "action", this.#now.actions, name)(...args),
    dispose: async () => {
      const served = this.#now;
      this.#served = null;
      for (const run of this.#runs.values()) run.abort();
      await served.trainer.dispose();
      await served.dispose?.();
    },
  };
}

function isCloneError(thrown: unknown): thrown is DOMException {
  return thrown instanceof DOMException && thrown.name === "DataCloneError";
}
