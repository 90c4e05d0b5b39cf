/**
 * Models that come, train, are saved and go, on a device that is lost now and then, by a seed. Nothing may be lost: every loss and
 * weight has the bits of an undisturbed run, and no buffer stays.
 *
 * `npm run test:soak` runs it for 30 minutes; VITE_SOAK_MINUTES and VITE_SOAK_SEED choose otherwise.
 */
import { expect, test } from "vitest";
import { Device, DeviceLostError } from "webgpu-lstm";
import { Native } from "./soak/native.ts";
import { type Setting, Tenant } from "./soak/tenant.ts";

const env = import.meta.env as Readonly<Record<string, string | undefined>>;
const MINUTES = Number(env["VITE_SOAK_MINUTES"] ?? 0.3);
const SEED = Number(env["VITE_SOAK_SEED"] ?? 1);
/** Acts, however slow the machine. */
const LEAST = 60;
/** Models at a time. */
const CROWD = 4;
/** Steps after which a model has to go, so that its undisturbed run does not take long. */
const AGE = 60;
/** Growth of the page's memory after a quarter of the time, in bytes. */
const GROWTH = 30e6;

/** mulberry32: the same draws from the same seed. */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

class World {
  readonly counts: Record<string, number> = {};
  /** Bytes in use by the page's scripts after a collection, whenever no model was there; none where nobody can collect. */
  readonly heap: number[] = [];
  readonly #draw: () => number;
  #native: Native;
  #device: Device;
  #tenants: Tenant[] = [];

  private constructor(native: Native, device: Device, seed: number) {
    this.#native = native;
    this.#device = device;
    this.#draw = draws(seed);
  }

  static async open(seed: number): Promise<World> {
    const native = await Native.open();
    return new World(native, await Device.from(native.gpu), seed);
  }

  /** One act, chosen by the draws; gives its name. */
  async act(): Promise<string> {
    const acts: [weight: number, name: string, act: () => Promise<void>][] = [
      [this.#tenants.length < CROWD ? 2 : 0, "open", () => this.#open()],
      [this.#tenants.length > 0 ? 10 : 0, "train", () => this.#train()],
      [this.#tenants.length > 0 ? 2 : 0, "keep", () => this.#pick().keep()],
      [this.#tenants.length > 0 ? 1 : 0, "reopen", () => this.#reopen()],
      [this.#tenants.some(({ done }) => done > 0) ? 0.7 : 0, "close", () => this.#close(this.#pick())],
      [0.3, "lose", () => this.#lose()],
      [0.2, "empty", () => this.empty()],
    ];
    let at = this.#draw() * acts.reduce((sum, [weight]) => sum + weight, 0);
    const [, name, act] =
      acts.find(([weight]) => {
        at -= weight;
        return at < 0;
      }) ?? acts[0]!;
    await act();
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    if (this.#native.faults.length > 0) throw new Error(`the driver said: ${this.#native.faults.join("\n")}`);
    return name;
  }

  /** Closes all models; then nothing may be left of them. */
  async empty(): Promise<void> {
    for (const tenant of [...this.#tenants]) await this.#close(tenant);
    await this.#device.idle();
    expect(this.#device.memory.total, "bytes that the device counts").toBe(0);
    const { memory } = performance as { memory?: { usedJSHeapSize: number } };
    const { gc } = globalThis as { gc?: () => void };
    if (!memory || !gc) return;
    gc();
    this.heap.push(memory.usedJSHeapSize);
  }

  async end(): Promise<void> {
    await this.empty();
    this.#device.dispose();
    expect(this.#native.live.size, "buffers that are left").toBe(0);
    this.#native.gpu.destroy();
  }

  async #open(): Promise<void> {
    const among = <T>(...values: T[]): T => values[Math.floor(this.#draw() * values.length)]!;
    const setting: Setting = {
      cell: among("LSTM", "GRU", "RNN"),
      inputSize: among(1, 2, 5),
      hiddenSize: among(1, 3, 8, 17, 33),
      numLayers: among(1, 2),
      bidirectional: among(false, true),
      dropout: among(0, 0.3),
      optimizer: among("SGD", "Adam", "RMSprop", "NAdam"),
      seed: Math.floor(this.#draw() * 1000),
    };
    this.#tenants.push(await Tenant.open(this.#device, setting));
  }

  /** Some steps of some models, all under way at once. */
  async #train(): Promise<void> {
    const old = this.#tenants.find(({ done }) => done >= AGE);
    if (old) return this.#close(old);
    const steps = 1 + Math.floor(this.#draw() * 4);
    for (let step = 0; step < steps; step++) {
      await Promise.all(this.#tenants.filter(() => this.#draw() < 0.7).map((tenant) => tenant.train()));
    }
  }

  /** One goes on in new objects from where it was kept. */
  async #reopen(): Promise<void> {
    const tenant = this.#pick();
    await this.#replace(tenant);
    tenant.dispose();
  }

  async #replace(tenant: Tenant): Promise<void> {
    const next = await Tenant.open(this.#device, tenant.setting, tenant);
    this.#tenants[this.#tenants.indexOf(tenant)] = next;
  }

  /** An undisturbed run of as many steps must have the same losses and end with the same weights. */
  async #close(tenant: Tenant): Promise<void> {
    const twin = await Tenant.open(this.#device, tenant.setting);
    while (twin.done < tenant.done) await twin.train();
    expect(twin.losses, "losses of an undisturbed run").toEqual(tenant.losses.slice(0, tenant.done));
    expect(await twin.bits(), "weights of an undisturbed run").toEqual(await tenant.bits());
    twin.dispose();
    tenant.dispose();
    this.#tenants.splice(this.#tenants.indexOf(tenant), 1);
  }

  /** The device goes away in the middle of steps; all go on from where they were kept, on another one. */
  async #lose(): Promise<void> {
    const { facts } = this.#device;
    const steps = this.#tenants.map((tenant) => tenant.train());
    this.#native.gpu.destroy();
    for (const result of await Promise.allSettled(steps)) {
      // A step that was done before the loss has its loss.
      if (result.status === "rejected") expect(result.reason).toBeInstanceOf(DeviceLostError);
    }
    await this.#device.lost;
    const lost = [...this.#tenants];
    const [device, native] = [this.#device, this.#native];
    this.#native = await Native.open();
    this.#device = await Device.from(this.#native.gpu, { facts });
    for (const tenant of lost) await this.#replace(tenant);
    for (const tenant of lost) tenant.dispose();
    expect(device.memory.total, "bytes that the lost device counts").toBe(0);
    device.dispose();
    expect(native.live.size, "buffers that are left of the lost device").toBe(0);
  }

  #pick(): Tenant {
    return this.#tenants[Math.floor(this.#draw() * this.#tenants.length)]!;
  }
}

test(
  "models come and go, and the device too",
  async () => {
    const world = await World.open(SEED);
    const start = performance.now();
    const acts: string[] = [];
    try {
      while (performance.now() - start < MINUTES * 60e3 || acts.length < LEAST) acts.push(await world.act());
      await world.end();
    } catch (error) {
      throw new Error(`seed ${SEED}, act ${acts.length} after ${acts.slice(-10).join(", ")}: ${error}`, {
        cause: error,
      });
    }
    const megabytes = world.heap.map((bytes) => (bytes / 1e6).toFixed(1));
    console.log(`soak: seed ${SEED}, ${JSON.stringify(world.counts)}, MB when empty: ${megabytes.join(" ")}`);
    for (const act of ["open", "train", "keep"]) expect(world.counts[act], act).toBeGreaterThan(0);
    const { heap } = world;
    const early = heap.slice(Math.floor(heap.length / 4), Math.floor(heap.length / 2));
    const late = heap.slice(Math.floor((heap.length * 3) / 4));
    if (early.length > 3) expect(Math.min(...late) - Math.min(...early)).toBeLessThan(GROWTH);
  },
  MINUTES * 60e3 + 120e3,
);
