/** A Redis of the test's own: on a free port of this machine, with its files in a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { connect, createServer } from "node:net";
import { aptGet } from "../install.ts";

/** The program, of Debian's package `redis-server` where the machine has none. */
function findServer(): string {
  const program = process.env.REDIS_SERVER ?? "redis-server";
  if (spawnSync(program, ["--version"]).status === 0) return program;
  aptGet("test:interop", "update");
  aptGet("test:interop", "install", "--no-install-recommends", "redis-server");
  return program;
}

export class RedisServer {
  readonly port: number;
  readonly #program: string;
  readonly #args: readonly string[];
  #process: ChildProcess | null = null;

  private constructor(program: string, port: number, args: readonly string[]) {
    this.#program = program;
    this.port = port;
    this.#args = args;
  }

  /** @param options More of Redis's */
  static async start(folder: string, ...options: string[]): Promise<RedisServer> {
    mkdirSync(folder, { recursive: true });
    const port = await freePort();
    const own = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder];
    // By default Redis may answer up to two seconds before it writes, and a crash then loses what it has answered.
    const kept = [
      "--appendonly",
      "yes",
      "--appendfsync",
      "always",
      "--save",
      "",
      "--maxmemory-policy",
      "noeviction",
    ];
    const server = new RedisServer(findServer(), port, [...own, ...kept, ...options]);
    await server.resume();
    return server;
  }

  /** Starts a cluster of one node, which has all keys. */
  static async startCluster(folder: string): Promise<RedisServer> {
    const options = ["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"];
    const node = await RedisServer.start(folder, ...options);
    await node.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    while (!(await node.command("CLUSTER", "INFO")).includes("cluster_state:ok"))
      await new Promise((done) => setTimeout(done, 100));
    return node;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it with the data that it had. */
  async resume(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const log = await this.#spawn();
      if (log === null) return;
      // A client that called in vain may have got this very port from the system, for a moment.
      if (attempt === 20 || !log.includes("Address already in use"))
        throw new Error(`${this.#program} did not start:\n${log}`);
      await new Promise((done) => setTimeout(done, 250));
    }
  }

  /** Starts the program. Returns what it said if it does not run. */
  async #spawn(): Promise<string | null> {
    const server = spawn(this.#program, this.#args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#process = server;
    let log = "";
    for await (const text of server.stdout) {
      log += text;
      if (/Ready to accept connections/.test(log)) return null;
    }
    return log;
  }

  /** Ends it: with SIGKILL as a crash would. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const server = this.#process;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, "exit");
    server.kill(signal);
    await ended;
  }

  /** Sends one command, and returns the reply as Redis spells it. */
  async command(...words: string[]): Promise<string> {
    const socket = connect(this.port, "127.0.0.1");
    socket.end(
      `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`,
    );
    let reply = "";
    for await (const text of socket.setEncoding("utf8")) reply += text;
    return reply;
  }
}

/** A free port below those that the system gives to clients: one of them could take it while the server is down. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 5_000 + Math.floor(5_000 * Math.random());
    const server = createServer();
    const isFree = await new Promise<boolean>((done) => {
      server.once("error", () => done(false));
      server.listen(port, "127.0.0.1", () => server.close(() => done(true)));
    });
    if (isFree) return port;
  }
}
