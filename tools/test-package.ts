/**
 * `npm run test:package`: the package as npm would publish it, in fresh projects: `test/package/`, each copied to a temporary folder,
 * installed from the registry, built and run. `--only NAME` for one of them. The last line is the sum, `N passed, N failed`.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { findBrowser } from "./browser.ts";
import { type Check, check } from "./interop/check.ts";
import { type Command, type Project, projects, TITLE } from "./package/projects.ts";
import { openPage } from "./package/site.ts";

/** A command that takes longer has failed, in ms. */
const PATIENCE_MS = 240_000;
/** What is not begun by then has failed too, in ms. */
const BOUND_MS = 600_000;

const root = fileURLToPath(new URL("../", import.meta.url));
const { values: options } = parseArgs({ options: { only: { type: "string" } } });
const chosen = projects.filter(({ name }) => (options.only ?? name) === name);
const folder = mkdtempSync(join(tmpdir(), "webgpu-lstm-package-"));
const { executablePath, args, env } = await findBrowser();
const browser = await chromium.launch({ executablePath, args, env });
const checks: Check[] = [];
try {
  const tarball = await pack();
  if (!options.only) checks.push(...(await lint(tarball)));
  // One after the other: npm's cache is shared, and each build uses every core.
  for (const project of chosen) checks.push(await timed(project, tarball));
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}

for (const { name, error } of checks)
  if (error !== null) console.log(`FAIL  ${name}\n      ${error.replaceAll("\n", "\n      ")}`);
const failed = checks.filter(({ error }) => error !== null).length;
const sum = `${checks.length - failed} passed, ${failed} failed`;
const failures = checks.flatMap(({ name, error }) =>
  error === null ? [] : `FAIL package: ${name}\n     ${error.split("\n")[0]}`,
);
mkdirSync(`${root}out`, { recursive: true });
// The sum, then what failed, for whoever runs this command among others.
writeFileSync(`${root}out/package.txt`, [sum, ...failures, ""].join("\n"));
console.log(`\n${sum}`);
process.exit(failed === 0 ? 0 : 1);

/** Builds and packs the library; returns the tarball's path. */
async function pack(): Promise<string> {
  await run(["npm", "pack", "--silent", "--pack-destination", folder], root);
  const { name, version } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as Record<string, string>;
  return join(folder, `${name}-${version}.tgz`);
}

/** What is said of the manifest, for `import` and for `require()`, which Node 20.19 has for modules. */
async function lint(tarball: string): Promise<Check[]> {
  const tool = (path: string, ...args: string[]): Command => [
    process.execPath,
    `node_modules/${path}`,
    tarball,
    ...args,
  ];
  const attw = ["--profile", "node16", "--ignore-rules", "cjs-resolves-to-esm", "--no-emoji"];
  return [
    await check("publint", async () => void (await run(tool("publint/src/cli.js", "--strict"), root))),
    await check(
      "attw",
      async () => void (await run(tool("@arethetypeswrong/cli/dist/index.js", ...attw), root)),
    ),
    await check("npm publish", async () => void (await run(["npm", "publish", tarball, "--dry-run"], root))),
  ];
}

async function timed(project: Project, tarball: string): Promise<Check> {
  const start = performance.now();
  const result = await check(project.name, () => {
    if (start > BOUND_MS) throw new Error(`not begun within ${BOUND_MS / 60_000} minutes`);
    return tryOut(project, tarball);
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    `${result.error === null ? "ok   " : "FAIL "} ${project.name.padEnd(12)} ${seconds.padStart(6)} s`,
  );
  return result;
}

async function tryOut(project: Project, tarball: string): Promise<void> {
  const app = join(folder, project.name);
  const templates = `${root}test/package/`;
  cpSync(templates + project.name, app, { recursive: true });
  for (const [name, source] of Object.entries(project.shared)) cpSync(templates + source, join(app, name));
  const env = { ...process.env, ...(await project.env?.()) };
  await run(["npm", "install", "--no-audit", "--no-fund", "--silent", tarball], app);
  let printed = "";
  for (const command of await project.commands()) printed = await run(command, app, env);
  if (project.prints && !project.prints.test(printed.trim()))
    throw new Error(`printed ${JSON.stringify(printed)}, not ${project.prints}`);
  if (project.page === undefined) return;
  const { title, text } = await openPage(browser, join(app, project.page));
  if (!TITLE.test(title)) throw new Error(`the page's title is ${JSON.stringify(title)}, not ${TITLE}`);
  if (project.server && !text.includes(project.server))
    throw new Error(`the page says ${JSON.stringify(text)}, not ${JSON.stringify(project.server)}`);
}

/** Runs a command; returns what it prints, or throws an error with all of it. */
function run([program, ...args]: Command, cwd: string, env = process.env): Promise<string> {
  return new Promise((resolve, reject) => {
    const settings = { cwd, env, timeout: PATIENCE_MS, maxBuffer: 1 << 26 };
    execFile(program, args, settings, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ${args.join(" ")}: ${error.message}\n${stdout}\n${stderr}`));
      else resolve(stdout);
    });
  });
}
