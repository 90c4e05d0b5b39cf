/** What comes of a search: its test on the held-out part, its model, and a card. */
import { saveSafetensors } from "webgpu-lstm";
import type { FrozenTrial } from "webgpu-lstm/search";
import { heldOutOf } from "../../tasks/series/held-out.ts";
import { ForecastTask } from "../../tasks/series/task.ts";
import { svgPicture } from "../shell/card.ts";
import { byId } from "../shell/dom.ts";
import { counted } from "../shell/format.ts";
import type { SavedModel } from "../shell/save-model.ts";
import type { CardContent } from "../shell/take-away.ts";
import type { TuneSearch } from "./search.ts";
import { snippetsOf } from "./snippets.ts";
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

/** The model of a trial as a file, with the lines that load it. */
export async function modelOf(search: TuneSearch, trial: FrozenTrial): Promise<SavedModel> {
  const { series, base } = search.task;
  const settings = settingsOf(trial.params, base);
  const weights = await search.weightsOf(trial);
  const name = `${series.id}-trial-${trial.number}.safetensors`;
  return {
    name,
    data: saveSafetensors(weights, { format: "pt", config: JSON.stringify(settings) }),
    ...snippetsOf(name, new ForecastTask(series, settings).features, settings),
  };
}

/** A card of the best trial beside the defaults. */
export async function cardOf(search: TuneSearch, best: FrozenTrial): Promise<CardContent> {
  const { trials, task } = search;
  const shipped = trials[search.defaultsOf(trials)];
  const loss = (trial: FrozenTrial | undefined) => (trial ? trial.value!.toPrecision(4) : "–");
  return {
    title: `${task.series.title}: ${counted(trials.length, "trial")}`,
    picture: await svgPicture(byId("tune-history").querySelector("svg")!),
    figures: [
      { label: "best validation loss", value: loss(best) },
      { label: "of the defaults", value: loss(shipped) },
      { label: "pruned early", value: String(trials.filter(({ state }) => state === "PRUNED").length) },
    ],
  };
}
