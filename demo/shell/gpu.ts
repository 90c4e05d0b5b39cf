/** The device that the views share, unless a view has one in a worker; requested at its first use. */
import { Device } from "webgpu-lstm";

export class Gpu {
  /** Shows the name of the adapter in use; a view with a device in a worker calls it too. */
  readonly describe: (text: string) => void;
  #device: Promise<Device> | undefined;
  #free: Promise<unknown> = Promise.resolve();

  /** @param describe Called with the adapter's name, or with "none" */
  constructor(describe: (text: string) => void) {
    this.describe = describe;
  }

  /**
   * The device, once the last view has freed its memory. If there is no device, every call rejects with the
   * same error; a lost device is still returned, and its `lost` has settled.
   */
  async device(): Promise<Device> {
    this.#device ??= this.#request();
    await this.#free;
    return this.#device;
  }

  /** Makes later requests wait until `freed` settles. */
  waitFor(freed: Promise<unknown>): void {
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
