/**
 * `npm run site`: the documentation's site into dist-site/, with the demo under it. `-- --base /x/` for a site at a sub-path.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("../", import.meta.url));
const {
  values: { base },
} = parseArgs({ options: { base: { type: "string", default: "/" } } });
if (!/^\/(.*\/)?$/.test(base)) throw new Error(`--base must begin and end with a slash, got ${base}`);

run("tools/run.mjs", "tools/make-api.ts");
command("vitepress/bin/vitepress.js", "build", "site", "--base", base);
command("vite/bin/vite.js", "build", "--config", "demo/vite.config.ts", "--outDir", `${root}dist-site/demo`);
console.log(`\ndist-site/, to be served at ${base}`);

/** Runs the command of a development dependency; ends this program if it fails. */
function command(program: string, ...args: string[]): void {
  run(`node_modules/${program}`, ...args);
}

/** Runs a program of this repository; ends this one if it fails. */
function run(...args: string[]): void {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
