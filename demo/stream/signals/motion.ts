/** The device's acceleration, including gravity. */
import { type LiveSource, SourceError } from "./source.ts";

/** Maximum time in ms until the first event; a device without a sensor sends none. */
const PATIENCE = 2000;

/** iOS asks the visitor first. */
type Asking = typeof DeviceMotionEvent & { requestPermission?(): Promise<"granted" | "denied"> };

export async function openMotion(): Promise<LiveSource> {
  const Motion = globalThis.DeviceMotionEvent as Asking | undefined;
  if (!Motion) throw none();
  if (Motion.requestPermission && (await Motion.requestPermission()) !== "granted") {
    throw new SourceError(
      "Motion was not allowed",
      "Allow motion for this page in the browser's settings and press Start again, or watch the synthetic sensor.",
    );
  }
  let latest: number | undefined;
  let heard = () => {};
  const listen = ({ accelerationIncludingGravity: acceleration }: DeviceMotionEvent) => {
    const { x, y, z } = acceleration ?? {};
    // A computer without a sensor may send one event of nulls.
    if (typeof x !== "number" || typeof y !== "number" || typeof z !== "number") return;
    latest = Math.hypot(x, y, z);
    heard();
  };
  addEventListener("devicemotion", listen);
  const close = () => removeEventListener("devicemotion", listen);
  await new Promise<void>((resolve) => {
    heard = resolve;
    setTimeout(resolve, PATIENCE);
  });
  if (latest === undefined) {
    close();
    throw none();
  }
  return {
    unit: " m/s²",
    next: (streams) => new Float32Array(streams).fill(latest!),
    ended: new Promise(() => {}),
    close,
  };
}

function none(): SourceError {
  return new SourceError(
    "This device reports no motion",
    "It has no motion sensor, or the browser keeps it from this page. Phones and tablets have one; here, watch the synthetic sensor.",
  );
}
