/** Builds the documentation's site for a sub-path and serves it. */
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const BASE = "/some/where/";
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

export interface ServedSite {
  /** The front page's address. */
  readonly address: string;
  close(): void;
}

/** The site with the demo under it. */
export async function serveSite(): Promise<ServedSite> {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const args = ["tools/run.mjs", "tools/build-site.ts", "--base", BASE];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm run site failed:\n${stdout}\n${stderr}`);
  const server = createServer(async ({ url = "" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const path = pathname.startsWith(BASE) ? pathname.slice(BASE.length) : null;
    const file = path === null ? null : path === "" || path.endsWith("/") ? `${path}index.html` : path;
    const body = file === null ? null : await readFile(join(root, "dist-site", file)).catch(() => null);
    const type = TYPES[extname(file ?? "")] ?? "application/octet-stream";
    response.writeHead(body ? 200 : 404, { "content-type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    address: `http://localhost:${(server.address() as AddressInfo).port}${BASE}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
