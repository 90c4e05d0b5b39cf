/** The card to take things away from: the model's file, the model in Inspect, and a picture of the text. */
import { data } from "webgpu-lstm";
import { partsOf } from "../../shell/dom.ts";
import { count, decimals } from "../../shell/format.ts";
import type { SavedModel } from "../../shell/save-model.ts";
import { bindTakeAway } from "../../shell/take-away.ts";
import type { Frame } from "../../shell/view.ts";
import type { Mind } from "../model/mind.ts";
import { type About, packModel } from "../model/saved.ts";
import type { Watch } from "../writing/watch.ts";
import { snippetsOf } from "./snippets.ts";

const byId = partsOf("text");

/** A model that can be taken away. */
export interface Taken {
  readonly mind: Mind;
  readonly about: About;
}

export class Away {
  /** Called for the model of the moment. */
  readonly #model: () => Taken | undefined;

  constructor(model: () => Taken | undefined, watch: Watch, frame: Frame, onError: (error: unknown) => void) {
    this.#model = model;
    bindTakeAway({
      view: "text",
      frame,
      onError,
      model: () => fileOf(model()!),
      card: () => {
        const { about } = model()!;
        const title = `A ${about.cell} of ${about.hiddenSize} units writes`;
        return { title, picture: watch.picture(), figures: figuresOf(about) };
      },
    });
  }

  /** Enables the buttons if there is a model. */
  draw(): void {
    const none = !this.#model();
    for (const name of ["save", "inspect", "card"]) byId<HTMLButtonElement>(name).disabled = none;
    if (none) byId("saved").replaceChildren();
  }
}

async function fileOf({ mind, about }: Taken): Promise<SavedModel> {
  const [weights, json] = await Promise.all([mind.trainer.stateDict(), mind.vocabulary()]);
  const vocabulary = data.Vocabulary.fromJSON(json);
  const name = about.text.startsWith("Moby-Dick") ? "moby-dick.safetensors" : "text.safetensors";
  return {
    name,
    data: packModel({ about, vocabulary, weights }),
    ...snippetsOf(name, vocabulary.size, about),
  };
}

function figuresOf({ heldOutBits, baselineBits, steps }: About) {
  const bits = (label: string, value: number | undefined) =>
    value === undefined ? [] : [{ label, value: decimals(value, 2) }];
  return [
    { label: "training steps", value: count(steps) },
    ...bits("bits per held-out character", heldOutBits),
    ...bits("the best baseline", baselineBits),
  ];
}
