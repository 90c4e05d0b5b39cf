/** What a refusal must look like: the right class, and a message that names the call, what it got and what it wanted. */
import { expect } from "vitest";
import { type Device, WebGpuLstmError } from "webgpu-lstm";

type ErrorClass = new (...args: never[]) => Error;

/**
 * Runs `call`, and fails unless it throws, or rejects with, exactly `type` and every one of `parts` is in the message.
 */
export async function expectRefusal(
  call: () => unknown,
  type: ErrorClass,
  ...parts: readonly string[]
): Promise<void> {
  let error: unknown;
  try {
    await call();
  } catch (thrown) {
    error = thrown;
  }
  expect(error, "nothing was thrown").toBeInstanceOf(WebGpuLstmError);
  expect((error as Error).constructor.name).toBe(type.name);
  const { message } = error as Error;
  for (const part of parts) expect(message).toContain(part);
}

/** A value of a wrong type, past the type checker. */
// biome-ignore lint/suspicious/noExplicitAny: what a JavaScript caller could pass
export const wrong = (value: unknown): any => value;

/** {@link expectRefusal} that also fails if the memory of `device` is not what it was. */
export function refusals(device: Device): typeof expectRefusal {
  return async (...refusal) => {
    const { byRole: before } = device.memory;
    await expectRefusal(...refusal);
    expect(device.memory.byRole).toEqual(before);
  };
}
