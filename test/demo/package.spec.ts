/** The published package in a page without a bundler: parts load on demand, under a strict Content-Security-Policy, in workers too. */
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "playwright/test";
import { bundle, emitModules } from "../../tools/build-library.ts";

/** Trains a tiny model for one step; `LIBRARY` stands for where the library is imported from. */
const PROGRAM = `
import { Device, nn, optim } from "LIBRARY";
export async function train() {
  const device = await Device.request();
  const lstm = new nn.LSTM(1, 4, { batchFirst: true });
  const criterion = new nn.MSELoss();
  const optimizer = new optim.Adam(lstm.parameters());
  const inputs = { x: [2, 3, 1], y: [2, 3, 4] };
  const fn = ({ x, y }) => ({ loss: criterion.forward(lstm.forward(x).output, y) });
  const step = await device.compile(fn, { inputs, minimize: "loss", optimizer });
  const loss = await step.run({ x: new Float32Array(6), y: new Float32Array(24).fill(1) }).loss.item();
  device.dispose();
  return loss;
}
`;

const MAP = (library: string) => JSON.stringify({ imports: { "webgpu-lstm": library } });

/** Pages and scripts of a site with `script-src 'self'`; the import map, which cannot be a file, has a nonce. */
const FILES: Readonly<Record<string, string>> = {
  "/map.html": `<!doctype html><script type="importmap" nonce="n">${MAP("/dist/bundle/index.js")}</script>
    <script type="module" src="/map-page.js"></script>`,
  "/map-page.js": 'import { train } from "/map-program.js"; document.title = await train();',
  "/map-program.js": PROGRAM.replace("LIBRARY", "webgpu-lstm"),
  "/modules.html": '<!doctype html><script type="module" src="/modules-page.js"></script>',
  "/modules-page.js": 'import { train } from "/modules-program.js"; document.title = await train();',
  "/modules-program.js": PROGRAM.replace("LIBRARY", "/dist/index.js"),
  "/worker.html": '<!doctype html><script type="module" src="/worker-page.js"></script>',
  "/worker-page.js": `const worker = new Worker("/worker.js", { type: "module" });
    worker.onmessage = ({ data }) => { document.title = data; };`,
  "/worker.js": 'import { train } from "/bundle-program.js"; postMessage(await train());',
  "/bundle-program.js": PROGRAM.replace("LIBRARY", "/dist/bundle/index.js"),
};

const POLICY = "default-src 'self'; script-src 'self' 'nonce-n'; worker-src 'self'";

let server: Server;
let address: string;
const fetched: string[] = [];

test.beforeAll(async ({ browserName: _ }, { outputDir }) => {
  const dist = join(outputDir, "dist");
  emitModules(dist);
  await bundle(dist);
  server = createServer(async ({ url = "" }, response) => {
    fetched.push(url);
    const file = url.startsWith("/dist/") ? join(outputDir, url) : null;
    const body = FILES[url] ?? (file && (await readFile(file).catch(() => null)));
    const type = url.endsWith(".html") ? "text/html" : "text/javascript";
    const headers = { "content-type": type, "content-security-policy": POLICY };
    response.writeHead(body === null ? 404 : 200, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  address = `http://localhost:${(server.address() as AddressInfo).port}`;
});

test.afterAll(() => {
  server.closeAllConnections();
  server.close();
});

for (const [name, path] of [
  ["a page with an import map", "map"],
  ["a page that imports the modules one by one", "modules"],
  ["a module worker", "worker"],
] as const) {
  test(`${name} trains under the policy, and loads the kernels that it uses alone`, async ({ page }) => {
    fetched.length = 0;
    const errors: string[] = [];
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(`${address}/${path}.html`);
    await expect(page).toHaveTitle(/^\d\.\d+$/, { timeout: 30_000 });
    // The browser asks for the site's icon by itself.
    expect(errors.filter((text) => !text.includes("404"))).toEqual([]);
    const kernels = fetched.filter((url) => url.includes(".wgsl"));
    expect(kernels.some((url) => url.includes("/lstm-"))).toBe(true);
    expect(kernels.filter((url) => /gru|rnn|embedding|cross-entropy|sgd/.test(url))).toEqual([]);
  });
}
