/** Trials on several workers, each a process: how much faster they are, and that no trial is lost or run twice when workers or Redis die. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync } from "node:fs";
import { createStudy, type Study, samplers } from "webgpu-lstm/search";
import { JournalRedis, runTrials } from "webgpu-lstm/search/node";
import { type Check, check } from "./check.ts";
import { expectEqual, NAME, type Optuna, summaryOf } from "./optuna.ts";
import { inProcessChecks } from "./queue-in-process.ts";
import type { RedisServer } from "./redis-server.ts";

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** Seconds after which a worker counts as dead. */
const GRACE = 2;

/** Milliseconds between a trial's end and the line in the journal that says so. */
const LINE_MS = 1000;

/** Worker processes of one study. */
class Crew {
  readonly members: ChildProcess[] = [];
  readonly #journal: JournalRedis;
  readonly #args: readonly string[];
  readonly #sleepMs: number;
  readonly #log: string;
  readonly #ends: string;
  readonly #ready: Promise<void>[] = [];
  /** When workers were killed, by their process. */
  readonly #killed = new Map<number, number>();

  constructor(redis: RedisServer, prefix: string, sleepMs: number, folder: string) {
    this.#journal = new JournalRedis(redis.url, { prefix });
    this.#args = [redis.url, prefix, NAME, `${GRACE}`];
    this.#sleepMs = sleepMs;
    this.#log = `${folder}${prefix}-workers.txt`;
    this.#ends = `${folder}${prefix}-ends.txt`;
  }

  /** Starts workers until there are as many, and waits until they are ready for trials. */
  async fill(count: number): Promise<void> {
    while (this.members.length < count) this.join();
    await Promise.all(this.#ready);
  }

  join(): ChildProcess {
    const args = ["--import", "./tools/typescript.mjs", "tools/interop/queue/worker.ts", ...this.#args];
    const env = { ...process.env, SLEEP_MS: `${this.#sleepMs}`, ENDS: this.#ends };
    const member = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [member.stdout, member.stderr])
      stream.on("data", (text) => appendFileSync(this.#log, text));
    this.members.push(member);
    const isReady = (text: unknown) => String(text).includes("waits for trials");
    this.#ready.push(
      new Promise((done) => {
        member.stdout.on("data", (text) => isReady(text) && done());
        member.once("exit", () => done());
      }),
    );
    return member;
  }

  /** Ends one: its child process ends with it. */
  async end(member: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    this.members.splice(this.members.indexOf(member), 1);
    if (member.exitCode !== null || member.signalCode !== null) return;
    const ended = once(member, "exit");
    if (signal === "SIGKILL") this.#killed.set(member.pid!, Date.now());
    member.kill(signal);
    await ended;
  }

  /** Throws unless trials were run to their ends once each, and the journal was told so once. */
  async expectEachOnce(count: number): Promise<void> {
    const told = (await this.#journal.read(0))
      .map((line) => JSON.parse(line) as { op_code: number; state?: number; trial_id: number })
      .filter(({ op_code, state }) => op_code === 6 && state === 1)
      .map(({ trial_id }) => trial_id);
    const all = [...Array(count).keys()];
    expectEqual(
      "the trials whose end the journal has",
      told.sort((a, b) => a - b),
      all,
    );
    const ends = readFileSync(this.#ends, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" ").map(Number));
    // A worker that was killed at once after a trial's end could not say so: the trial has to be run again.
    const known = ends.filter(([, time, worker]) => {
      const killed = this.#killed.get(worker!);
      return killed === undefined || killed < time! || killed - time! > LINE_MS;
    });
    const numbers = ends.map(([number]) => number!);
    expectEqual(
      "the trials that were run to their ends",
      [...new Set(numbers)].sort((a, b) => a - b),
      all,
    );
    const twice = known.map(([number]) => number!).filter((number, i, list) => list.indexOf(number) < i);
    expectEqual("those that were run twice", twice, []);
  }

  async disband(): Promise<void> {
    await Promise.all([...this.members].map((member) => this.end(member, "SIGKILL")));
  }
}

export async function queueChecks(optuna: Optuna, redis: RedisServer, folder: string): Promise<Check[]> {
  const studyOf = (prefix: string): Promise<Study> =>
    createStudy({
      name: NAME,
      storage: new JournalRedis(redis.url, { prefix }),
      sampler: new samplers.Random(),
    });
  const timed = async (work: () => Promise<void>) => {
    const start = performance.now();
    await work();
    return (performance.now() - start) / 1000;
  };
  const crews: Crew[] = [];
  const crewOf = (prefix: string, sleepMs: number) => {
    crews.push(new Crew(redis, prefix, sleepMs, folder));
    return crews.at(-1)!;
  };
  const checks = [
    await check("queue: four workers end 40 trials in at most 0.3 of one's time", async () => {
      const study = await studyOf("speed");
      const crew = crewOf("speed", 400);
      await crew.fill(1);
      const alone = await timed(() => runTrials(study, { trials: 40 }));
      await crew.fill(4);
      const together = await timed(() => runTrials(study, { trials: 40 }));
      console.log(`queue: 40 trials take one worker ${alone.toFixed(1)} s, four ${together.toFixed(1)} s`);
      if (together > 0.3 * alone) throw new Error(`one took ${alone} s, four ${together} s`);
      await crew.expectEachOnce(80);
      await crew.disband();
      expectEqual(
        "the study in Python",
        await optuna.summary("show", `${redis.url}#speed`, NAME),
        summaryOf(study),
      );
    }),
    await check(
      "queue: a trial that breaks its process is tried again from its checkpoint, and then fails",
      async () => {
        const study = await studyOf("breaks");
        const crew = crewOf("breaks", 100);
        crew.join();
        crew.join();
        for (const bad of ["exits", "exits once", "loses its device once", "throws", "pruned"])
          await study.enqueueTrial({}, { userAttrs: { bad } });
        await runTrials(study, { trials: 1, attempts: 3 });
        const [exits, once, device, throws, pruned, good] = study.trials;
        expectEqual(
          "states",
          study.trials.map(({ state }) => state),
          ["FAIL", "COMPLETE", "COMPLETE", "FAIL", "PRUNED", "COMPLETE"],
        );
        expectEqual(
          "reason",
          exits!.reason,
          "given up after 3 attempts; at the last one its process ended with code 7",
        );
        expectEqual("where its attempts began", exits!.userAttrs["starts"], [0, 1, 2]);
        expectEqual("where the other's began", once!.userAttrs["starts"], [0, 1]);
        expectEqual("where that without a device began", device!.userAttrs["starts"], [0, 1]);
        expectEqual("reason of an error", throws!.reason, "RangeError: no such layer");
        expectEqual("its attempts", throws!.userAttrs["starts"], [0]);
        expectEqual("steps of the pruned one", [...pruned!.intermediateValues], [[0, 1000]]);
        expectEqual("the good one", good!.userAttrs["starts"], [0]);
        expectEqual("checkpoints left", await redis.command("KEYS", "breaks:checkpoint:*"), "*0\r\n");
        await crew.disband();
      },
    ),
    await check("queue: workers that leave hand their trials back, and lose nothing of them", async () => {
      const study = await studyOf("leaves");
      const crew = crewOf("leaves", 4000);
      crew.join();
      const running = runTrials(study, { trials: 2, attempts: 1 });
      const isUnderWay = () => study.trials.some(({ intermediateValues }) => intermediateValues.size > 0);
      while (!isUnderWay()) await pause(20);
      const [first] = crew.members;
      const seconds = await timed(() => crew.end(first!, "SIGTERM"));
      if (seconds > 5) throw new Error(`it left after ${seconds} s`);
      crew.join();
      crew.join();
      await running;
      await crew.expectEachOnce(2);
      const [, again] = study.trials.find(({ userAttrs }) => (userAttrs["starts"] as number[]).length > 1)!
        .userAttrs["starts"] as number[];
      if (!(again! > 0)) throw new Error(`it began again at step ${again}`);
      await crew.disband();
    }),
    await check(
      "queue: workers that are killed, and a Redis that is, lose no trial and run none twice",
      async () => {
        const study = await studyOf("kills");
        const crew = crewOf("kills", 800);
        await crew.fill(3);
        let killed = 0;
        let isOver = false;
        const kill = async () => {
          for (; !isOver; killed++) {
            await pause(2500);
            const { members } = crew;
            await crew.end(members[Math.floor(Math.random() * members.length)]!, "SIGKILL");
            crew.join();
            if (killed !== 1) continue;
            await redis.stop("SIGKILL");
            await pause(500);
            await redis.resume();
          }
        };
        const killing = kill();
        // Its error is thrown below, where it is awaited.
        killing.catch(() => {});
        let seen = 0;
        const complete = new Set<number>();
        const seconds = await timed(() =>
          runTrials(study, {
            trials: 20,
            attempts: 20,
            callbacks: [
              (_, trial) => {
                seen++;
                complete.add(trial.number);
              },
            ],
          }),
        );
        isOver = true;
        await killing;
        console.log(
          `queue: 20 trials took ${seconds.toFixed(1)} s, while ${killed} workers and Redis were killed`,
        );
        expectEqual("trials that were called back", [seen, complete.size], [20, 20]);
        await crew.expectEachOnce(20);
        if (killed < 3) throw new Error(`only ${killed} were killed`);
        await crew.disband();
        expectEqual(
          "the study in Python",
          await optuna.summary("show", `${redis.url}#kills`, NAME),
          summaryOf(study),
        );
      },
    ),
    ...(await inProcessChecks(redis)),
  ];
  await Promise.all(crews.map((crew) => crew.disband()));
  return checks;
}
