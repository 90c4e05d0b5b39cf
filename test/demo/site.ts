/** Serves the built demo as a static site from a sub-folder. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import type { Page } from "playwright/test";
import { build } from "vite";

const FOLDER = "/some/where/";
const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

export interface Site {
  /** The site's address, to which a view's `#name` can be added. */
  readonly address: string;
  /** The number of bytes loaded so far. */
  readonly fetched: () => number;
  /** Whether the server answers; else it cuts every connection. */
  online: boolean;
  /** Failed requests and uncaught errors since {@link watch}. */
  readonly failed: readonly string[];
  watch(page: Page): void;
  [Symbol.dispose](): void;
}

/** Builds the demo into a folder and serves it until it is disposed. */
export async function openSite(folder: string): Promise<Site> {
  const outDir = join(folder, "site");
  const configFile = "demo/vite.config.ts";
  await build({ configFile, logLevel: "error", build: { outDir, emptyOutDir: true } });
  let bytes = 0;
  const failed: string[] = [];
  const server = createServer(async ({ url = "", socket }, response) => {
    if (!site.online) return socket.destroy();
    const { pathname } = new URL(url, "http://localhost");
    const file = pathname.startsWith(FOLDER) ? pathname.slice(FOLDER.length) || "index.html" : "";
    const body = file ? await readFile(join(outDir, file)).catch(() => null) : null;
    bytes += body?.length ?? 0;
    response.writeHead(body ? 200 : 404, { "content-type": TYPES[extname(file)] ?? "text/plain" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const site: Site = {
    online: true,
    address: `http://localhost:${(server.address() as AddressInfo).port}${FOLDER}`,
    fetched: () => bytes,
    failed,
    watch(page) {
      page.on("response", (response) => {
        if (!response.ok()) failed.push(response.url());
      });
      page.on("pageerror", (error) => failed.push(error.message));
    },
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
  return site;
}
