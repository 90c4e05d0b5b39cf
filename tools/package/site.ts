/** Serves a folder and opens its page in a browser. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Browser } from "playwright";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
};

const PATIENCE_MS = 60_000;

/** Opens `index.html` of a folder; returns the page's text and the title, once it is no longer empty or "waiting". */
export async function openPage(browser: Browser, folder: string): Promise<{ title: string; text: string }> {
  const server = createServer(async ({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    const body = await readFile(join(folder, path)).catch(() => null);
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    response.writeHead(body ? 200 : 404, { "content-type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", ({ message }) => errors.push(message));
  try {
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    const told = page.waitForFunction(() => !["", "waiting"].includes(document.title), undefined, {
      timeout: PATIENCE_MS,
    });
    await told.catch(() => errors.push(`no title after ${PATIENCE_MS / 1000} s`));
    if (errors.length > 0) throw new Error(`the page: ${errors.join("; ")}`);
    return { title: await page.title(), text: await page.innerText("body") };
  } finally {
    await page.close();
    server.closeAllConnections();
    server.close();
  }
}
