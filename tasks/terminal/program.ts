/** What the example programs need of Node: a device, and a way to run only when started from the command line. */
import { Device } from "webgpu-lstm";

/** An example: it trains on `device` and prints lines. */
export type Example = (device: Device, print: (line: string) => void) => Promise<unknown>;

/** Runs `main` on a device if the module at `url` is the program that was started. */
export async function runInTerminal(url: string, main: Example): Promise<void> {
  if (!isProgram(url)) return;
  const device = await openDevice();
  console.log(device.describe());
  try {
    await main(device, console.log);
  } finally {
    device.dispose();
  }
}

/** Whether the module at `url` is what Node was started with; false in a page, and for a module that was imported. */
export function isProgram(url: string): boolean {
  if (typeof window !== "undefined") return false;
  const program = process.argv[1]?.replaceAll("\\", "/");
  return program !== undefined && decodeURIComponent(new URL(url).pathname).endsWith(program);
}

/** A device on the machine's GPU, or in software where there is none. */
export async function openDevice(): Promise<Device> {
  // Loaded only here, so that a page can import the examples without it.
  const finder = new URL("../../tools/node-device.ts", import.meta.url).href;
  const { openGpu } = (await import(
    /* @vite-ignore */ finder
  )) as typeof import("../../tools/node-device.ts");
  return Device.request({ gpu: await openGpu() });
}
