/** Helpers of the demo's tests. */
import { AxeBuilder } from "@axe-core/playwright";
import { type ConsoleMessage, expect, type Page } from "playwright/test";

/** Opens the page at a view and collects its console's complaints; a test ends without any. */
export async function open(page: Page, address = "/"): Promise<string[]> {
  const complaints: string[] = [];
  page.on("console", (message: ConsoleMessage) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(address);
  return complaints;
}

/** A button by its whole name. */
export const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** Goes to another view by its link, and waits until the view before is hidden: its buttons may have the same names. */
export async function visit(page: Page, view: string): Promise<void> {
  await page.getByRole("navigation").getByRole("link", { name: view }).click();
  await expect(page).toHaveTitle(`${view} · webgpu-lstm`);
  await expect(page.locator(`#${view.toLowerCase()}-view h1`)).toBeVisible();
}

/** Fails if axe-core finds anything on the page. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  expect(found).toEqual([]);
}

/** The widths at which every view must be usable. */
export const WIDTHS = [
  ["desktop", { width: 1280, height: 800 }],
  ["phone", { width: 390, height: 844 }],
] as const;

/** Fails if the page can be scrolled sideways. */
export async function expectFits(page: Page): Promise<void> {
  const [content, width] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  expect(content).toBe(width);
}

/** Counts the page's GPU buffers for {@link liveBytes}; call it before the page is opened. */
export async function countBuffers(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const live = new Map<GPUBuffer, number>();
    Object.assign(window, { liveBytes: () => [...live.values()].reduce((sum, bytes) => sum + bytes, 0) });
    const { createBuffer } = GPUDevice.prototype;
    GPUDevice.prototype.createBuffer = function (descriptor) {
      const buffer = createBuffer.call(this, descriptor);
      live.set(buffer, descriptor.size);
      return buffer;
    };
    const { destroy } = GPUBuffer.prototype;
    GPUBuffer.prototype.destroy = function () {
      live.delete(this);
      return destroy.call(this);
    };
  });
}

/** Bytes of the GPU buffers that are not destroyed. */
export function liveBytes(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { liveBytes(): number }).liveBytes());
}

/** Watches the page's main thread for {@link busyTime}; call it once the page is open. */
export async function watchMainThread(page: Page): Promise<void> {
  await page.evaluate(() => {
    const seen = { longest: 0, frames: 0, since: performance.now() };
    Object.assign(window, { seen });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.longest = Math.max(seen.longest, duration);
    }).observe({ type: "longtask" });
    const frame = () => {
      seen.frames++;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
}

/** The longest task of the main thread over 50 ms, in ms (0 if none), and frames a second, since {@link watchMainThread}. */
export function busyTime(page: Page): Promise<{ longest: number; framesPerSecond: number }> {
  return page.evaluate(() => {
    const { seen } = window as unknown as { seen: { longest: number; frames: number; since: number } };
    const framesPerSecond = (1000 * seen.frames) / (performance.now() - seen.since);
    return { longest: seen.longest, framesPerSecond };
  });
}

/** Discards the offer to resume on a reloaded page, and fails unless it is gone, also after another reload. */
export async function expectDiscardable(page: Page): Promise<void> {
  await button(page, "Discard it").click();
  await expect(button(page, "Discard it")).toBeHidden();
  await page.reload();
  await expect(button(page, "Start")).toBeEnabled();
  await page.waitForTimeout(300);
  await expect(button(page, "Discard it")).toBeHidden();
}

/** Drops files on an element, with all that a browser sends before. */
export async function dropFile(page: Page, selector: string, name: string, buffer: Buffer): Promise<void> {
  await dropFiles(page, selector, [[name, buffer]]);
}

export async function dropFiles(
  page: Page,
  selector: string,
  files: readonly (readonly [name: string, buffer: Buffer])[],
): Promise<void> {
  const data = await page.evaluateHandle(
    (all) => {
      const transfer = new DataTransfer();
      for (const [name, bytes] of all) transfer.items.add(new File([Uint8Array.from(bytes)], name));
      return transfer;
    },
    files.map(([name, buffer]) => [name, [...buffer]] as const),
  );
  for (const type of ["dragenter", "dragover", "drop"]) {
    await page.locator(selector).dispatchEvent(type, { dataTransfer: data });
  }
}
