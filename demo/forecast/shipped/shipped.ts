/** Trained models that come with the page, one for the first preset of each series (`make-models.ts` makes them). */
import { sameSettings } from "../controls.ts";
import type { ForecastConfig } from "../settings.ts";

const FILES: Readonly<Record<string, URL>> = {
  seattle: new URL("./models/seattle.safetensors", import.meta.url),
  co2: new URL("./models/co2.safetensors", import.meta.url),
  sp500: new URL("./models/sp500.safetensors", import.meta.url),
  sine: new URL("./models/sine.safetensors", import.meta.url),
};

/** The file of the model with these settings, if there is one. */
export async function shippedFor({ series, settings }: ForecastConfig): Promise<Uint8Array | undefined> {
  const url = FILES[series.id];
  if (!url || !sameSettings(settings, series.presets[0].settings)) return undefined;
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} cannot be read: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
