/** The package as published: packed, installed in an empty folder, type-checked and run without a bundler. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const consumer = mkdtempSync(join(tmpdir(), "webgpu-lstm-consumer-"));
const shell = process.platform === "win32";

/** Runs a program and returns its output; a failure's error contains all of it. */
function run(program: string, args: string[], cwd: string): string {
  try {
    return execFileSync(program, args, { cwd, encoding: "utf8", stdio: "pipe", shell });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${args.join(" ")} failed:\n${stdout}\n${stderr}`);
  }
}

const program = `
import { Device, Generator, OptionError, Trainer, WebGpuUnavailableError, data, nn, optim, type Tensor } from "webgpu-lstm";
import { DataLoader } from "webgpu-lstm/data";
import { LSTM } from "webgpu-lstm/nn";
import { Adam } from "webgpu-lstm/optim";
import { inspect, loadOnnx, loadTorch, saveOnnx, saveTorch, type TorchValue } from "webgpu-lstm/formats";
import { openDevice } from "webgpu-lstm/node";
import { createStudy, pruning, samplers, type Trial } from "webgpu-lstm/search";
import { JournalFile, JournalRedis } from "webgpu-lstm/search/node";
import { connect, type RemoteTrainer } from "webgpu-lstm/worker";

class Forecaster extends nn.Module {
  lstm = new nn.LSTM(1, 50, { batchFirst: true });
  fc = new nn.Linear(50, 1);
  forward(x: Tensor): Tensor {
    return this.fc.forward(this.lstm.forward(x).output.select(1, -1));
  }
}
const model = new Forecaster();
const optimizer: optim.Adam = new optim.Adam(model.parameters(), { lr: 0.01 });
const windows = data.slidingWindows(new Float32Array(30), { length: 20 });
const seen: number = windows.length + new Generator(1).random() * 0 + optimizer.lr * 0;
const request: Promise<Device> = Device.request();
const far: Promise<RemoteTrainer> = connect({} as Worker, { seed: 0 });
const opened: Promise<Device> = openDevice();
opened.catch((error: unknown) => console.log("node", String(error).includes("npm install webgpu")));
console.log("entries", LSTM === nn.LSTM && Adam === optim.Adam && DataLoader === data.DataLoader);
const saved: TorchValue = loadTorch(saveTorch({ w: { data: new Float32Array(2), shape: [2] } }));
console.log("formats", JSON.stringify(saved), inspect(saveTorch([])).opensWith);
saveOnnx(model, { inputs: { x: [1, 20, 1] } }).then((bytes) => loadOnnx(bytes)).then(({ outputNames }) => console.log("onnx", outputNames[0]));
const studied = createStudy({ sampler: new samplers.TPE({ seed: 0 }), storage: new JournalFile("study.log") });
const tuned = async (trial: Trial) => {
  if (pruning(trial).onEpochEnd === undefined) throw new OptionError("no callback");
  return trial.suggestInt("hidden", 8, 8);
};
studied.then((study) => study.optimize(tuned, { trials: 2 }).then(() => console.log("search", study.bestParams["hidden"])));
new JournalRedis("redis://localhost").read(0).catch((error: unknown) => console.log("redis", String(error).includes("npm install ioredis")));
far.catch((error: unknown) => console.log("worker", error instanceof OptionError));
request.then(
  () => console.log("device"),
  (error: unknown) => console.log(seen, error instanceof WebGpuUnavailableError),
);

export async function typesOnly(device: Device, x: Float32Array, y: Float32Array): Promise<number> {
  const loss = new nn.MSELoss();
  const step = await device.compile(
    ({ x, y }) => ({ loss: loss.forward(model.forward(x), y) }),
    { inputs: { x: { data: x, shape: [1, 20, 1] }, y: [1, 1] }, optimizer },
  );
  const trainer = new Trainer(device, model, { loss, optimizer });
  // @ts-expect-error Internals are not in the published types.
  device.allocate;
  return trainer.optimizer.lr + (await step.ask({ x, y }, "loss")).data.length;
}
`;

beforeAll(() => {
  run("npm", ["pack", "--pack-destination", consumer], root);
  const filename = readdirSync(consumer).find((name) => name.endsWith(".tgz"))!;
  mkdirSync(join(consumer, "app"));
  writeFileSync(join(consumer, "app/package.json"), '{ "type": "module", "private": true }');
  run(
    "npm",
    ["install", "--offline", "--no-audit", "--no-fund", join(consumer, filename)],
    join(consumer, "app"),
  );
  writeFileSync(join(consumer, "app/main.ts"), program);
}, 180_000);

afterAll(() => rmSync(consumer, { recursive: true, force: true }));

test("installs only itself, with only the files it needs", () => {
  const listed = run("npm", ["ls", "--all", "--parseable"], join(consumer, "app")).trim().split("\n");
  expect(listed).toHaveLength(2);
  const installed = join(consumer, "app/node_modules/webgpu-lstm");
  const files = run("node", ["-p", "fs.readdirSync('.').join(' ')"], installed).trim().split(" ");
  // The README's links work in the tarball: what they lead to is in it.
  const pages = ["CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "docs", "examples", "tools"];
  expect(files.sort()).toEqual([...pages, "dist", "package.json", "shaders"].sort());
});

test.each(["bundler", "nodenext"])(
  "type-checks strictly, including libraries, with module resolution %s",
  (resolution) => {
    const app = join(consumer, "app");
    const compilerOptions = {
      target: "ES2022",
      lib: ["ES2022", "DOM"],
      module: resolution === "nodenext" ? "nodenext" : "esnext",
      moduleResolution: resolution,
      // No ambient types, neither vite/client nor node. TypeScript's DOM library has WebGPU.
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      outDir: "out",
    };
    writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["main.ts"] }));
    run("node", [join(root, "node_modules/typescript/bin/tsc"), "-p", "."], app);
    const program = readFileSync(join(app, "out/main.js"), "utf8");
    for (const entry of [
      "webgpu-lstm",
      "webgpu-lstm/worker",
      "webgpu-lstm/formats",
      "webgpu-lstm/search/node",
    ])
      expect(program).toContain(`from "${entry}"`);
  },
);

test("type-checks an app that imports webgpu-lstm/nn alone", () => {
  const app = join(consumer, "app");
  writeFileSync(
    join(app, "layer.ts"),
    'import * as nn from "webgpu-lstm/nn"; export const layer = new nn.LSTM(1, 2);',
  );
  const { compilerOptions } = JSON.parse(readFileSync(join(app, "tsconfig.json"), "utf8")) as {
    compilerOptions: object;
  };
  writeFileSync(join(app, "tsconfig.layer.json"), JSON.stringify({ compilerOptions, files: ["layer.ts"] }));
  run("node", [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.layer.json"], app);
});

test("runs in Node without a bundler, and says that WebGPU is missing", () => {
  // Node 21 and later have a navigator, none has navigator.gpu.
  // All entries share their classes.
  const printed = run("node", ["out/main.js"], join(consumer, "app")).trim().split("\n");
  expect(printed.sort()).toEqual([
    "10 true",
    "entries true",
    'formats {"w":{"data":{"0":0,"1":0},"shape":[2]}} loadTorch',
    "node true",
    "onnx output",
    "redis true",
    "search 8",
    "worker true",
  ]);
});
