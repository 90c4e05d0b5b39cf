/** Devices of one adapter that a test may take away, for tests of what goes on with another one. */
import { afterAll, beforeAll } from "vitest";
import { type AdapterFacts, Device } from "webgpu-lstm";

/** With which every device plans alike. */
export let facts: AdapterFacts;
beforeAll(async () => {
  const device = await Device.request();
  facts = device.facts;
  device.dispose();
});

/** Every device that a test has had. */
const devices = new Set<Device>();
afterAll(() => {
  for (const device of devices) device.dispose();
});

/** Leaves a device to be disposed of in the end. */
export function own(device: Device): void {
  devices.add(device);
}

/** A device that plans as all others do. */
export async function request(): Promise<Device> {
  const device = await Device.request({ facts });
  own(device);
  return device;
}

/** Takes away the device of a trainer or a stream, as a driver's reset does. */
export function lose({ device }: { readonly device: Device }): void {
  own(device);
  device.gpu.destroy();
}
