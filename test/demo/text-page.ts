/** Helpers of the Text view's tests. */
import { expect, type Locator, type Page } from "playwright/test";
import { button, open } from "./page.ts";

/** Positions of the settings' sliders. */
export interface Places {
  readonly "Hidden size"?: number;
  readonly Layers?: number;
  readonly "Sequence length"?: number;
  readonly "Batch size"?: number;
  readonly "Training steps"?: number;
}

/** A model that learns enough in 200 steps of a few milliseconds. */
export const SMALL: Places = { "Hidden size": 1, "Sequence length": 1, "Training steps": 1 };

/** Opens the view and moves its sliders; returns the console's complaints. */
export async function openText(page: Page, places: Places = SMALL): Promise<string[]> {
  const complaints = await open(page, "/#text");
  await expect(button(page, "Start")).toBeEnabled();
  await place(page, places);
  return complaints;
}

export async function place(page: Page, places: Places): Promise<void> {
  for (const [name, value] of Object.entries(places)) await page.getByLabel(name).fill(String(value));
}

/** The number of chapters of Moby-Dick. */
export async function chapters(page: Page, from: number, to: number): Promise<void> {
  await page.getByLabel("Chapters", { exact: true }).fill(String(from));
  await page.getByLabel("to", { exact: true }).fill(String(to));
}

/** An element of this view; the other views are hidden. */
export const shown = (page: Page, id: string): Locator => page.locator("#text-view").getByTestId(id);

/** The number that the view shows in a field. */
export const number = (page: Page, id: string) => async (): Promise<number> =>
  Number.parseFloat(((await shown(page, id).textContent()) ?? "").replaceAll(",", ""));

/** The model's texts, the newest first: `Step 50 · temperature 0.5`, and the prompt with its continuation. */
export async function samples(page: Page): Promise<{ readonly about: string; readonly text: string }[]> {
  const found = await shown(page, "text-samples")
    .locator("li")
    .evaluateAll((all) =>
      all.map(({ children }) => [children[0]!.textContent ?? "", children[1]!.textContent ?? ""]),
    );
  return found.map(([about, text]) => ({ about: about!, text: text! }));
}
