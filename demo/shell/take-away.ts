/** The buttons by which a visitor takes a model and its result away: a file, the model in Inspect, a card. */
import type { Card } from "./card.ts";
import { bindCard } from "./card-dialog.ts";
import { byId, partsOf } from "./dom.ts";
import { type SavedModel, saveModel } from "./save-model.ts";
import type { Frame } from "./view.ts";

/** What a view's card shows; the page adds the rest. */
export type CardContent = Omit<Card, "adapter" | "url">;

interface TakeAwayOptions {
  /** The buttons are `VIEW-save`, `VIEW-inspect` and `VIEW-card`; `VIEW-saved` gets the lines that load the file. */
  readonly view: string;
  readonly frame: Frame;
  readonly model: () => SavedModel | Promise<SavedModel>;
  readonly card: () => CardContent | Promise<CardContent>;
  readonly onError: (error: unknown) => void;
}

/** Binds the buttons; the view enables them. */
export function bindTakeAway({ view, frame, model, card, onError }: TakeAwayOptions): void {
  const part = partsOf(view);
  const on = (name: string, act: (model: SavedModel) => void) =>
    part(name).addEventListener("click", async () => {
      try {
        act(await model());
      } catch (error) {
        onError(error);
      }
    });
  on("save", (saved) => saveModel(saved, part("saved")));
  on("inspect", ({ name, data }) => frame.inspect(name, data));
  const made = async (): Promise<Card> => ({
    ...(await card()),
    adapter: byId("adapter").textContent ?? "",
    url: frame.url,
  });
  bindCard(part("card"), made, onError);
}
