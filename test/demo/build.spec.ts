/** The built demo is a static site that works from a folder of any site. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { expect, test } from "playwright/test";
import { build } from "vite";

const FOLDER = "/some/where/";
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

test("the built demo works from a sub-path", async ({ page }, { outputDir }) => {
  const site = join(outputDir, "site");
  await build({
    configFile: "demo/vite.config.ts",
    logLevel: "warn",
    build: { outDir: site, emptyOutDir: true },
  });
  const server = createServer(async ({ url = "" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const file = pathname.startsWith(FOLDER) ? pathname.slice(FOLDER.length) || "index.html" : "";
    const body = file ? await readFile(join(site, file)).catch(() => null) : null;
    response.writeHead(body ? 200 : 404, { "content-type": TYPES[extname(file)] ?? "text/plain" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  try {
    const failed: string[] = [];
    page.on("response", (response) => {
      if (!response.ok()) failed.push(response.url());
    });
    page.on("pageerror", (error) => failed.push(error.message));
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}${FOLDER}`);
    await expect(page.getByTestId("adapter")).toContainText("(software)");
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await expect(page.getByTestId("epoch")).toHaveText(/^[1-9]\d* of/, { timeout: 30_000 });
    await page.getByRole("link", { name: "Inspect" }).click();
    await page.getByRole("button", { name: "Open the example" }).click();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await expect(page.getByTestId("run-status")).toHaveText("Done: 72 steps.", { timeout: 30_000 });
    expect(failed).toEqual([]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
