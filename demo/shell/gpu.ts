/** The one device that the views share which need none in a worker of their own, requested when the first of them needs it. */
import { Device } from "webgpu-lstm";

export class Gpu {
  /** Shows the name of the adapter in use; a view whose worker has a device of its own tells it here. */
  readonly describe: (text: string) => void;
  #device: Promise<Device> | undefined;
  #free: Promise<unknown> = Promise.resolve();

  /** @param describe Told the adapter's name, or that there is none */
  constructor(describe: (text: string) => void) {
    this.describe = describe;
  }

  /**
   * The device, as soon as the view before has given its memory back. Where none can be had every call rejects with the
   * same error; a lost one is still returned, and its `lost` has settled.
   */
  async device(): Promise<Device> {
    this.#device ??= this.#request();
    await this.#free;
    return this.#device;
  }

  /** Makes later requests wait until `freed` settles. */
  waitFor(freed: Promise<void>): void {
    this.#free = Promise.allSettled([this.#free, freed]);
  }

  async #request(): Promise<Device> {
    this.describe("…");
    try {
      const device = await Device.request();
      this.describe(device.describe());
      return device;
    } catch (error) {
      this.describe("none");
      throw error;
    }
  }
}
