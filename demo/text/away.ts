/** The card to take things away from: the model's file, the model in Inspect, and a picture of the text. */
import { data } from "webgpu-lstm";
import { bindCard } from "../shell/card-dialog.ts";
import { byId as elementOf, partsOf } from "../shell/dom.ts";
import { decimals } from "../shell/format.ts";
import { saveModel } from "../shell/save-model.ts";
import type { Frame } from "../shell/view.ts";
import type { Mind } from "./mind.ts";
import { type About, packModel } from "./saved.ts";
import { snippetsOf } from "./snippets.ts";
import type { Watch } from "./watch.ts";

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
    const bind = (
      name: string,
      act: (name: string, file: Uint8Array<ArrayBuffer>, taken: Taken, characters: number) => void,
    ) =>
      byId(name).addEventListener("click", async () => {
        const taken = this.#model();
        if (!taken) return;
        try {
          const { mind, about } = taken;
          const [weights, json] = await Promise.all([mind.trainer.stateDict(), mind.vocabulary()]);
          const vocabulary = data.Vocabulary.fromJSON(json);
          const file = packModel({ about, vocabulary, weights });
          act(
            about.text.startsWith("Moby-Dick") ? "moby-dick.safetensors" : "text.safetensors",
            file,
            taken,
            vocabulary.size,
          );
        } catch (error) {
          onError(error);
        }
      });
    bind("save", (name, file, { about }, characters) =>
      saveModel({ name, data: file, ...snippetsOf(name, characters, about) }, byId("saved")),
    );
    bind("inspect", (name, file) => frame.inspect(name, file));
    const figures = ({ heldOutBits, baselineBits, steps }: About) => [
      { label: "training steps", value: steps.toLocaleString("en-US") },
      ...(heldOutBits === undefined
        ? []
        : [{ label: "bits per held-out character", value: decimals(heldOutBits, 2) }]),
      ...(baselineBits === undefined
        ? []
        : [{ label: "the best baseline", value: decimals(baselineBits, 2) }]),
    ];
    bindCard(
      byId("card"),
      () => {
        const { about } = this.#model()!;
        return {
          title: `A ${about.cell} of ${about.hiddenSize} units writes`,
          picture: watch.picture(),
          figures: figures(about),
          adapter: elementOf("adapter").textContent ?? "",
          url: frame.url,
        };
      },
      onError,
    );
  }

  /** Enables the buttons if there is a model. */
  draw(): void {
    const none = !this.#model();
    for (const name of ["save", "inspect", "card"]) byId<HTMLButtonElement>(name).disabled = none;
  }
}
