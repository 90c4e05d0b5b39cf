/** Runs a program in Node: only if it is the one that was started, on a device of its own. */
import { Device, WebGpuLstmError } from "webgpu-lstm";
import { UsageError } from "./usage-error.ts";

/** Runs `main` on a device if the module at `url` is the program that was started. */
export async function runInTerminal(
  url: string,
  main: (device: Device, print: (line: string) => void) => Promise<unknown>,
): Promise<void> {
  if (!isProgram(url)) return;
  const device = await openDevice();
  console.log(device.describe());
  try {
    await main(device, console.log);
  } finally {
    device.dispose();
  }
}

/**
 * Runs `main` with the arguments of the command line if the module at `url` is the program that was started. An error that its user can
 * correct is printed without a stack trace. The exit code is 2 after a {@link UsageError} and 1 after any other error.
 */
export async function runWithArguments(
  url: string,
  main: (args: readonly string[]) => Promise<void>,
): Promise<void> {
  if (!isProgram(url)) return;
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    const known = error instanceof UsageError || error instanceof WebGpuLstmError;
    console.error(known ? error.message : error);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/** A device on the machine's GPU, or on a software adapter if there is none. */
export async function openDevice(): Promise<Device> {
  // Loaded only here, so that a page can import the examples without it.
  const finder = new URL("../../tools/node-device.ts", import.meta.url).href;
  const { openGpu } = (await import(
    /* @vite-ignore */ finder
  )) as typeof import("../../tools/node-device.ts");
  return Device.request({ gpu: await openGpu() });
}

/** Whether Node was started with the module at `url`; false in a page, and for a module that was imported. */
function isProgram(url: string): boolean {
  if (typeof window !== "undefined") return false;
  const program = process.argv[1]?.replaceAll("\\", "/");
  return program !== undefined && decodeURIComponent(new URL(url).pathname).endsWith(program);
}
