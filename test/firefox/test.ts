/** A test on the built demo and the built site, whose page must neither complain nor miss a file. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, test as base, expect } from "playwright/test";
import { openFirefox } from "../../tools/engines/open-firefox.ts";
import { serveDemo, serveSite } from "../site/serve.ts";
import type { StaticSite } from "../static-site.ts";

interface Own {
  /** Waits for a file that the page saves. Playwright hears of no download in Firefox ESR, which gives it no number. */
  saved(name: string): Promise<Buffer>;
}

interface Shared {
  readonly browser: Browser;
  /** The folder of saved files. */
  readonly downloads: string;
  readonly demo: StaticSite;
  readonly site: StaticSite;
}

export const test = base.extend<Own, Shared>({
  downloads: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures that a function uses
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), "webgpu-lstm-firefox-"));
      await use(folder);
      await rm(folder, { recursive: true });
    },
    { scope: "worker" },
  ],
  browser: [
    async ({ downloads }, use) => {
      const browser = await openFirefox({ downloadsPath: downloads });
      await use(browser);
      await browser.close();
    },
    { scope: "worker", timeout: 60_000 },
  ],
  demo: [
    // biome-ignore lint/correctness/noEmptyPattern: as above
    async ({}, use) => {
      using demo = await serveDemo();
      await use(demo);
    },
    { scope: "worker" },
  ],
  site: [
    // biome-ignore lint/correctness/noEmptyPattern: as above
    async ({}, use) => {
      using site = await serveSite();
      await use(site);
    },
    { scope: "worker" },
  ],
  baseURL: ({ demo }, use) => use(demo.address),
  saved: ({ downloads }, use) =>
    use(async (name) => {
      const file = () => readFile(join(downloads, name)).catch(() => Buffer.alloc(0));
      await expect
        .poll(async () => (await file()).length, { message: `${name} is not saved` })
        .toBeGreaterThan(0);
      return file();
    }),
  page: async ({ page }, use) => {
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("response", (response) => {
      if (!response.ok()) complaints.push(`${response.status()} ${response.url()}`);
    });
    await use(page);
    expect(complaints).toEqual([]);
  },
});
