/** What comes of a search: its test on the held-out part, and its files. */
import type { FrozenTrial } from "webgpu-lstm/search";
import { heldOutOf } from "../../tasks/series/held-out.ts";
import { ForecastTask } from "../../tasks/series/task.ts";
import { element } from "../shell/dom.ts";
import type { TuneSearch } from "./search.ts";
import { settingsOf } from "./space.ts";

/** What the held-out part gives for the best trial and for the defaults, in a sentence. */
export async function heldOutOutcome(
  search: TuneSearch,
  best: FrozenTrial,
  defaults: FrozenTrial,
): Promise<string> {
  const { series, base } = search.task;
  const judged = async (trial: FrozenTrial) => {
    const held = heldOutOf(new ForecastTask(series, settingsOf(trial.params, base)));
    return { mae: held.judge("", await search.heldOut(trial)).mae, baseline: held.best };
  };
  const [found, shipped] = [await judged(best), await judged(defaults)];
  const number = (value: number) => `${value.toFixed(series.digits)}${series.unit}`;
  const verdict =
    best.number === defaults.number
      ? "They are the same."
      : found.mae < shipped.mae
        ? "The search helped there, too."
        : "The search did NOT help there: the gain on validation does not carry over.";
  const { name, mae } = found.baseline;
  const baseline = name.toLowerCase();
  const beaten = found.mae < mae ? "" : ` The best does NOT beat ${baseline}, though.`;
  return (
    `Held-out part, mean absolute error: the best ${number(found.mae)}, the defaults ${number(shipped.mae)}, ` +
    `${baseline} ${number(mae)}. ${verdict}${beaten}`
  );
}

/** Offers a file. */
export function download(name: string, content: string | Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([content]));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
