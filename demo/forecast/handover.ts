/** Settings that another view hands to Forecast. */
import type { BuiltIn } from "../../tasks/series/series.ts";
import type { Settings } from "../../tasks/series/settings.ts";

export interface Handover {
  readonly series: BuiltIn;
  readonly settings: Settings;
}

let pending: Handover | undefined;

/** Shows a series with these settings in the Forecast view. */
export function openInForecast(handover: Handover): void {
  pending = handover;
  location.hash = "#forecast";
}

/** What was handed over since the last call. */
export function takeHandover(): Handover | undefined {
  const taken = pending;
  pending = undefined;
  return taken;
}
