/**
 * `npm run test:interop`: files from here to PyTorch and back, models for ONNX Runtime, and studies shared with Optuna, with the real other
 * side. Makes a Python environment at the first run, or takes the Python of `INTEROP_PYTHON`. `--without-torch` leaves out what needs
 * PyTorch, by far the largest download. The last line is the sum, `N passed, N failed`.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  Device,
  loadSafetensors,
  manualSeed,
  type NDArray,
  type optim,
  randn,
  saveSafetensors,
} from "webgpu-lstm";
import { inspect, loadTorch, saveTorch } from "webgpu-lstm/formats";
import { type Check, check, expectClose, expectSame } from "./interop/check.ts";
import { dashboardChecks } from "./interop/dashboard.ts";
import { Model, optimizerOf, train } from "./interop/model.ts";
import { onnxChecks } from "./interop/onnx.ts";
import { Optuna } from "./interop/optuna.ts";
import { findPython } from "./interop/python.ts";
import { queueChecks } from "./interop/queue.ts";
import { redisJournalChecks } from "./interop/redis-journal.ts";
import { RedisServer } from "./interop/redis-server.ts";
import { interopSample } from "./interop/sample.ts";
import { searchChecks } from "./interop/search.ts";
import { taggerChecks } from "./interop/tagger.ts";
import { openGpu } from "./node-device.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = `${root}out/interop/`;
const STEPS_BEFORE = 10;
const STEPS_AFTER = 20;

const { values: options } = parseArgs({ options: { "without-torch": { type: "boolean", default: false } } });
const withTorch = !options["without-torch"];
const python = findPython(withTorch);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const device = await Device.request({ gpu: await openGpu() });
const checks: Check[] = [];
if (withTorch) {
  await writeOurs();
  checks.push(...readOurs(), ...(await readTheirs()), ...taggerChecks(python, `${folder}tagger/`));
}
checks.push(...(await onnxChecks(device, python, folder)));
device.dispose();
checks.push(...(await studyChecks()));

for (const { name, error } of checks)
  console.log(error === null ? `ok    ${name}` : `FAIL  ${name}\n      ${error}`);
const failed = checks.filter(({ error }) => error !== null).length;
const sum = `${checks.length - failed} passed, ${failed} failed`;
const failures = checks.flatMap(({ name, error }) =>
  error === null ? [] : `FAIL interop: ${name}\n     ${error}`,
);
// The sum, then what failed, for whoever runs this command among others.
writeFileSync(`${root}out/interop.txt`, [sum, ...failures, ""].join("\n"));
console.log(`\n${sum}`);
process.exit(failed === 0 ? 0 : 1);

/** Studies beside Optuna, in files and in a Redis that runs for as long as this takes. */
async function studyChecks(): Promise<Check[]> {
  const optuna = new Optuna(python);
  const servers: RedisServer[] = [];
  try {
    const redis = await RedisServer.start(`${folder}redis`);
    servers.push(redis);
    const cluster = await RedisServer.startCluster(`${folder}cluster`);
    servers.push(cluster);
    return [
      ...(await searchChecks(optuna, folder, redis.url)),
      ...(await redisJournalChecks(optuna, redis, cluster)),
      ...(await queueChecks(optuna, redis, folder)),
      ...(await dashboardChecks(optuna, redis.url)),
    ];
  } catch (error) {
    return [{ name: "studies in Redis", error: (error as Error).message }];
  } finally {
    for (const server of servers) await server.stop();
  }
}

function otherSide(command: "read" | "write"): string {
  return execFileSync(python, ["tools/interop/other_side.py", command, folder], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** Trains here, and saves in both formats with what came after. */
async function writeOurs(): Promise<void> {
  manualSeed(951);
  const model = new Model();
  const optimizer = optimizerOf(model);
  const batch = { x: randn([5, 9, 3]), target: randn([5, 2]) };
  await train(device, model, optimizer, batch, STEPS_BEFORE);
  const state = { model: await model.stateDict(), optimizer: await optimizer.stateDict() };
  writeFileSync(`${folder}ours.safetensors`, saveSafetensors(state.model));
  const after = await train(device, model, optimizer, batch, STEPS_AFTER);
  writeFileSync(`${folder}ours.pt`, saveTorch({ ...state, ...batch, ...after, epoch: STEPS_BEFORE }));
  writeFileSync(`${folder}sample.pt`, saveTorch(interopSample()));
  model.dispose();
}

function readOurs(): Check[] {
  return otherSide("read")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Check);
}

async function readTheirs(): Promise<Check[]> {
  otherSide("write");
  const file = (name: string) => readFileSync(folder + name);
  type State = Record<string, NDArray>;
  return [
    await check("a checkpoint of PyTorch goes on here with the same numbers", async () => {
      const saved = loadTorch<{
        model: State;
        optimizer: optim.OptimizerStateDict;
        x: NDArray;
        target: NDArray;
      }>(file("theirs.pt"));
      const wanted = loadTorch<{ output: NDArray; losses: NDArray }>(file("theirs_after.pt"));
      const model = new Model();
      const optimizer = optimizerOf(model);
      model.loadStateDict(saved.model);
      optimizer.loadStateDict(saved.optimizer);
      const { output, losses } = await train(device, model, optimizer, saved, STEPS_AFTER);
      model.dispose();
      expectClose("output", output.data, wanted.output.data);
      expectClose("losses", losses.data, wanted.losses.data);
    }),
    await check("loadTorch and loadSafetensors give the same weights, bit for bit", () => {
      const { tensors } = loadSafetensors(file("theirs.safetensors"));
      const { model } = loadTorch<{ model: State }>(file("theirs.pt"));
      for (const [name, tensor] of tensors) expectSame(name, model[name], tensor);
    }),
    await check("loadTorch and loadSafetensors give the same values for every type", () => {
      const { tensors } = loadSafetensors(file("types.safetensors"));
      const types = loadTorch<State>(file("types.pt"));
      if (Object.keys(types).length !== tensors.size) throw new Error(`got ${Object.keys(types).join()}`);
      for (const [name, tensor] of tensors) expectSame(name, types[name], tensor);
    }),
    await check("inspect says the same of both formats", () => {
      const described = (name: string) =>
        inspect(file(name))
          .tensors.map(({ name, dtype, shape }) => `${name} ${dtype} [${shape.join()}]`)
          .sort()
          .join("\n");
      const [torch, safetensors] = ["types.pt", "types.safetensors"].map(described);
      if (torch !== safetensors) throw new Error(`${torch}\n\n${safetensors}`);
    }),
  ];
}
