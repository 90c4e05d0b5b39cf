/** Helpers of the Forecast view's tests. */
import { expect, type Locator, type Page } from "playwright/test";
import { button, open } from "./page.ts";

/** Opens the view; returns the console's complaints. */
export async function openForecast(page: Page, address = "/"): Promise<string[]> {
  const complaints = await open(page, address);
  await expect(page.getByTestId("adapter")).toContainText("(software)", { timeout: 20_000 });
  await expect(button(page, "Start")).toBeEnabled();
  return complaints;
}

/** Chooses a series by its name, and waits until it is loaded. */
export async function choose(page: Page, name: string, about: RegExp): Promise<void> {
  await page.getByRole("radio", { name }).check({ force: true });
  await expect(shown(page, "series-about")).toHaveText(about);
}

/** An element of this view; the other views are hidden. */
export const shown = (page: Page, id: string): Locator => page.locator("#forecast-view").getByTestId(id);

/** The number that the view shows in a field. */
export const number = (page: Page, id: string) => async (): Promise<number> =>
  Number.parseFloat((await shown(page, id).textContent()) ?? "");

/** Moves a slider to a position, counted from 0, or to its end. */
export async function place(page: Page, places: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, value] of Object.entries(places)) {
    await page.getByRole("slider", { name, exact: true }).fill(String(value));
  }
}

/** The table's MAE by the name of the forecast; NaN if there is none. */
export async function errors(page: Page): Promise<Record<string, number>> {
  const rows = shown(page, "scores").locator("tbody tr");
  const entries = await rows.evaluateAll((all) =>
    all.map((row) => [
      row.children[0]!.textContent,
      Number.parseFloat(row.children[1]!.textContent!.replaceAll(",", "")),
    ]),
  );
  return Object.fromEntries(entries);
}

/** Waits until the run is over. */
export async function finish(page: Page, epochs: number, timeout = 90_000): Promise<void> {
  await expect(shown(page, "status")).toContainText(`Done, ${epochs} epochs. Best validation: epoch`, {
    timeout,
  });
}

/** Fails unless the table has the model's error below every baseline's, and the text says so. */
export async function expectBelowBaselines(page: Page, model: string): Promise<void> {
  await expect(shown(page, "verdict")).toContainText(/below (both|all) baselines, by/);
  const { [model]: own, ...baselines } = await errors(page);
  expect(Object.keys(baselines).length).toBeGreaterThanOrEqual(2);
  for (const error of Object.values(baselines)) expect(own).toBeLessThan(error);
}

/** The rows of the curve's table: epoch, training loss, validation loss. */
export async function curve(page: Page): Promise<string[][]> {
  const details = page.locator("#loss-details");
  if (!(await details.evaluate((element: HTMLDetailsElement) => element.open))) {
    await page.getByText("As a table").click();
  }
  const rows = shown(page, "loss-table").locator("tbody tr");
  await expect(rows).not.toHaveCount(0);
  return rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent ?? "")));
}

/** Drops a file on the view. */
export async function drop(page: Page, name: string, content: string | Buffer): Promise<void> {
  const data = await page.evaluateHandle(
    ([name, base64]) => {
      const transfer = new DataTransfer();
      const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
      transfer.items.add(new File([bytes], name));
      return transfer;
    },
    [name, Buffer.from(content).toString("base64")] as const,
  );
  for (const type of ["dragenter", "dragover", "drop"]) {
    await page.locator("#forecast-source").dispatchEvent(type, { dataTransfer: data });
  }
}

/** Runs a program in the view's worker before the worker's own code. */
export async function beforeWorker(page: Page, program: string): Promise<void> {
  await page.route(/\/forecast\/training\/train\.worker\.ts/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${program};\n${await response.text()}` });
  });
}
