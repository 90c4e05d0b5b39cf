/** The synthetic sensor's model that comes with this page, so that the view predicts as soon as it opens. make-model.ts makes it. */
import { loadCheckpoint } from "webgpu-lstm";
import type { Learned } from "../session.ts";
import { normalSensors } from "../signals/sensor.ts";
import type { Normal } from "../watching/detector.ts";
import url from "./sensor.safetensors?url";

export async function shippedSensor(): Promise<Learned> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The trained model did not load (${response.status}). Try again.`);
  return readShipped(await response.arrayBuffer());
}

function readShipped(file: ArrayBuffer): Learned {
  const { model, config } = loadCheckpoint(file);
  const { normal } = config as unknown as { readonly normal: Normal };
  // The worker trains the model as a part of another.
  const weights = new Map([...model].map(([name, values]) => [`model.${name}`, values]));
  return { recordings: normalSensors(), weights, normal, shipped: true };
}
