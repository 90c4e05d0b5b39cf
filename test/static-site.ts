/** Serves a folder as a static host does. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

export interface StaticSite {
  /** The front page's address, which ends with a slash. */
  readonly address: string;
  /** The number of bytes loaded so far. */
  readonly fetched: () => number;
  /** Whether the server answers; else it cuts every connection. */
  online: boolean;
  [Symbol.dispose](): void;
}

/** Serves a folder below a path, such as `/some/where/`, until it is disposed. */
export async function serveFolder(folder: string, base: string): Promise<StaticSite> {
  let bytes = 0;
  const server = createServer(async ({ url = "", socket }, response) => {
    if (!site.online) return socket.destroy();
    const { pathname } = new URL(url, "http://localhost");
    const path = pathname.startsWith(base) ? pathname.slice(base.length) : null;
    const file = path === null || (path !== "" && !path.endsWith("/")) ? path : `${path}index.html`;
    const body = file === null ? null : await readFile(join(folder, file)).catch(() => null);
    bytes += body?.length ?? 0;
    const type = TYPES[extname(file ?? "")] ?? "application/octet-stream";
    response.writeHead(body ? 200 : 404, { "content-type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const site: StaticSite = {
    online: true,
    address: `http://localhost:${(server.address() as AddressInfo).port}${base}`,
    fetched: () => bytes,
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
  return site;
}
