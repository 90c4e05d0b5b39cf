/** Builds the documentation's site, with the demo under it, for a sub-path and serves it. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type StaticSite, serveFolder } from "../static-site.ts";

const BASE = "/some/where/";
const root = fileURLToPath(new URL("../../", import.meta.url));

export function buildSite(): void {
  const args = ["tools/run.mjs", "tools/build-site.ts", "--base", BASE];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm run site failed:\n${stdout}\n${stderr}`);
}

/** Serves what {@link buildSite} has built. */
export function serveSite(): Promise<StaticSite> {
  return serveFolder(`${root}dist-site`, BASE);
}

/** Serves the demo of that site, at its server's root. */
export function serveDemo(): Promise<StaticSite> {
  return serveFolder(`${root}dist-site/demo`, "/");
}
