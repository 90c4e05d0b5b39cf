/** Helpers of the site's tests. */
import { expect, type Page } from "playwright/test";

/** A live example, scrolled to so that its editor opens. */
export async function example(page: Page, name: string) {
  const box = page.locator(`[data-example="${name}"]`).first();
  await box.scrollIntoViewIfNeeded();
  await expect(box.getByRole("textbox")).toBeVisible();
  return {
    box,
    editor: box.getByRole("textbox"),
    status: box.getByRole("status"),
    output: box.locator("pre[aria-label$='output']"),
    run: async () => {
      await box.getByRole("button", { name: "Run" }).click();
      await expect(box.getByRole("status")).not.toHaveText(/^Running/, { timeout: 60_000 });
    },
  };
}
