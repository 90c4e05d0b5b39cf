/** Helpers of the Tune view's tests. */
import { expect, type Page } from "playwright/test";
import { button, open } from "./page.ts";

/** Opens the view; returns the console's complaints. */
export async function openTune(page: Page): Promise<string[]> {
  const complaints = await open(page, "/#tune");
  await ready(page);
  return complaints;
}

/** Waits until a search can be started. */
export async function ready(page: Page): Promise<void> {
  await expect(page.getByTestId("adapter")).toContainText("(software)", { timeout: 30_000 });
  await expect(button(page, "Start")).toBeEnabled({ timeout: 30_000 });
}

/** Moves a slider to one of its values. */
export async function choose(page: Page, name: string, value: string): Promise<void> {
  const slider = page.locator("#tune-settings").getByRole("slider", { name, exact: true });
  const most = Number(await slider.getAttribute("max"));
  for (let at = 0; at <= most; at++) {
    await slider.fill(String(at));
    if ((await slider.getAttribute("aria-valuetext")) === value) return;
  }
  throw new Error(`the slider ${name} has no ${value}`);
}

/** Makes trials small: models of few units on short windows. */
export async function keepSmall(page: Page, trials = 5, epochs = 2): Promise<void> {
  await choose(page, "Trials", String(trials));
  await choose(page, "Epochs of a trial", String(epochs));
  await page.getByLabel("Hidden size to").selectOption("32");
  await page.getByLabel("Layers to").selectOption("1");
  await page.getByLabel("Window to").selectOption("14");
  await page.getByLabel("Batch size from").selectOption("64");
  await ready(page);
}

/** Starts the search and waits for its end. */
export async function search(page: Page): Promise<void> {
  await button(page, "Start").click();
  await expect(button(page, "Stop")).toBeEnabled();
  await expect(page.getByTestId("tune-status")).toContainText(/trials? so far/, { timeout: 120_000 });
}

/** The number in a figure. */
export async function figure(page: Page, name: string): Promise<number> {
  return Number.parseFloat((await page.getByTestId(`tune-${name}`).textContent()) ?? "");
}

/** The cells of the table of settings, row by row. */
export function settings(page: Page): Promise<string[][]> {
  return page
    .getByTestId("tune-table")
    .locator("tbody tr")
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? "")));
}
