/** Gets a device in place of one that was lost. Loaded on demand; imports types alone. */
import type { DeviceLostError } from "../errors.ts";

/** What a replacement needs to know of a device. */
interface Replaceable {
  readonly lost: Promise<DeviceLostError>;
  /** What it was requested with; `null` for an app's own. */
  readonly requested: object | null;
  readonly facts: unknown;
}

/** How a device is replaced. */
export interface Replacement<D extends Replaceable> {
  /** The device that may be lost. */
  device(): D;
  request(options: NonNullable<D["requested"]>): Promise<D>;
  /** Whether an error may have come from a lost device. */
  mayBeLoss(error: unknown): boolean;
  /** The error for a function that gives no device. */
  readonly Refusal: new (
    message: string,
  ) => Error;
  /** "recover" to request a device as the lost one was, or a function that gives another. */
  readonly onDeviceLost: "throw" | "recover" | ((lost: DeviceLostError) => D | Promise<D>);
  /** Throws before a request that nobody waits for any more. */
  readonly signal?: Pick<AbortSignal, "throwIfAborted"> | undefined;
}

/** Pauses before the requests for a new device, in ms: a driver needs a moment after a reset. */
const PAUSES = [0, 100, 400, 1500, 5000];

/** How long a loss may take to be reported after a call has failed because of it, in ms. */
const LATE = 200;

/** The loss of the device, if it is why `error` was thrown; `null` otherwise. */
export async function lossBehind<D extends Replaceable>(
  replacement: Replacement<D>,
  error: unknown,
): Promise<DeviceLostError | null> {
  const isFromBrowser = error instanceof Error && /^(GPU|Operation|Abort)/.test(error.name);
  if (!replacement.mayBeLoss(error) && !isFromBrowser) return null;
  return Promise.race([replacement.device().lost, pause(LATE).then(() => null)]);
}

/**
 * Gets a new device, planned as the one before it was.
 * @throws The last failure, if no request gives a device.
 */
export async function newDevice<D extends Replaceable>(
  { device, request, onDeviceLost, Refusal, signal }: Replacement<D>,
  lost: DeviceLostError,
): Promise<D> {
  const before = device();
  const { requested, facts } = before;
  let failure: unknown;
  for (const ms of PAUSES) {
    await pause(ms);
    signal?.throwIfAborted();
    let given: D;
    try {
      if (typeof onDeviceLost !== "function") return await request({ ...requested, calibrate: false, facts });
      given = await onDeviceLost(lost);
    } catch (error) {
      failure = error;
      continue;
    }
    if (given instanceof before.constructor) return given;
    throw new Refusal(`onDeviceLost: expected a Device, got ${given}; return what Device.request() gives`);
  }
  throw failure;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
