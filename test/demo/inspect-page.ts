/** Helpers of the Inspect view's tests. */
import { readFileSync } from "node:fs";
import { expect, type Page } from "playwright/test";
import { saveSafetensors } from "../../src/io/safetensors.ts";
import { button, dropFile } from "./page.ts";

export const example = readFileSync(
  new URL("../../demo/inspect/examples/example.safetensors", import.meta.url),
);
export const VIEW = "/#inspect";

/** A file of tensors with these shapes. Their values are a fixed wave whose amplitude keeps gates away from saturation. */
export function fileOf(
  shapes: Readonly<Record<string, readonly number[]>>,
  change?: (data: Float32Array) => void,
): Buffer {
  const tensors = Object.entries(shapes).map(([name, shape], n) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const data = Float32Array.from({ length: size }, (_, i) => Math.sin(1 + 7 * n + 1.7 * i) / 2);
    change?.(data);
    return [name, { data, shape }] as const;
  });
  return Buffer.from(saveSafetensors(new Map(tensors)));
}

/** Chooses a file with the button. */
export async function choose(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page
    .getByLabel("Choose a file")
    .setInputFiles({ name, mimeType: "application/octet-stream", buffer });
}

/** Drops a file on the view. */
export const drop = (page: Page, name: string, buffer: Buffer) =>
  dropFile(page, "#inspect-view .file", name, buffer);

export async function run(page: Page): Promise<void> {
  await button(page, "Run").click();
  await expect(page.getByTestId("run-status")).toHaveText(/^Done: \d+ steps\.$/, { timeout: 60_000 });
}

/** The rows of a table, cell by cell. */
export function rows(page: Page, id: string): Promise<string[][]> {
  return page
    .getByTestId(id)
    .locator("tbody tr")
    .evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent ?? "")));
}

/** Shapes of one layer of a recurrent net in one direction. */
export function layer(
  prefix: string,
  l: string,
  rows: number,
  input: number,
  state: number,
): Record<string, number[]> {
  return {
    [`${prefix}weight_ih${l}`]: [rows, input],
    [`${prefix}weight_hh${l}`]: [rows, state],
    [`${prefix}bias_ih${l}`]: [rows],
    [`${prefix}bias_hh${l}`]: [rows],
  };
}
