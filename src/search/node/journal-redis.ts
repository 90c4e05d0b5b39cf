import { checkBoolean, checkNumber, checkOptions, show } from "../../checks.ts";
import { DataError, OptionError } from "../../errors.ts";
import type { Journal } from "../journal.ts";
import { Op } from "../operations.ts";
import { parseRedisUrl, type RedisAddress, type RedisClient, RedisConnection } from "./redis.ts";

/** Options of {@link JournalRedis}. */
export interface JournalRedisOptions {
  /** What the journal's keys begin with, for several journals in one Redis. Default "". */
  readonly prefix?: string;
  /** Whether the server is a Redis Cluster: Optuna's `use_cluster`. All writers must say the same. Default false. */
  readonly cluster?: boolean;
  /** Seconds for which a call waits for a server that is away, before it throws. Default 30. */
  readonly patience?: number;
}

/** Lines read by one command. */
const CHUNK = 500;

/** Milliseconds between two looks for a line that is missing: they double. */
const FIRST_WAIT = 20;
const LONGEST_WAIT = 1000;

/**
 * Appends lines, each by the two commands of Optuna's script. What a broken connection sends a second time does nothing: the writer's key says
 * which of its calls is done. It is left to vanish after a day.
 */
const APPEND = `
local done = redis.call('get', ARGV[2])
if done and tonumber(done) >= tonumber(ARGV[3]) then return end
redis.call('setnx', string.format('%s:log_number', ARGV[1]), -1)
for n = 4, #ARGV do
  local i = redis.call('incr', string.format('%s:log_number', ARGV[1]))
  redis.call('set', string.format('%s:log:%d', ARGV[1], i), ARGV[n])
end
redis.call('set', ARGV[2], ARGV[3], 'EX', 86400)
`;

/** A line that changes nothing, neither here nor in Optuna: an attribute of a study that never was. */
const NOTHING = JSON.stringify({
  op_code: Op.setStudySystemAttr,
  worker_id: "none",
  study_id: -1,
  system_attr: {},
});

/**
 * A journal in Redis, which Python's Optuna can read and write at the same time: there it is
 * `JournalStorage(JournalRedisBackend("redis://localhost:6379", prefix=""))`. Needs the npm package `ioredis`.
 *
 * The keys are Optuna's: `<prefix>:log_number`, the number of the last line, and `<prefix>:log:<number>`. A `<prefix>:snapshot` of Optuna's is
 * left as it is. Redis must keep all of them: `appendonly yes`, `appendfsync always`, `maxmemory-policy noeviction`.
 *
 * @example
 * const storage = new JournalRedis("redis://:password@192.168.1.5:6379/0");
 * const study = await createStudy({ name: "seattle", storage, loadIfExists: true });
 *
 * @see https://optuna.readthedocs.io/en/stable/reference/generated/optuna.storages.journal.JournalRedisBackend.html
 */
export class JournalRedis implements Journal {
  readonly prefix: string;
  /** Where the Redis is. @internal */
  readonly address: RedisAddress;
  /** @internal */
  readonly connection: RedisConnection;
  /** @internal */
  readonly cluster: boolean;
  readonly #patience: number;
  readonly #writer = crypto.randomUUID();
  #appended = 0;

  /**
   * @param url `redis://[user:password@]host[:port][/db]`, or `rediss://` for TLS. Errors show no password.
   * @throws OptionError for a URL or options that do not fit
   */
  constructor(url: string, options: JournalRedisOptions = {}, ...more: never[]) {
    const where = "JournalRedis";
    this.address = parseRedisUrl(where, url);
    checkOptions(where, options, ["prefix", "cluster", "patience"], more);
    const { prefix = "", cluster = false, patience = 30 } = options;
    if (typeof prefix !== "string")
      throw new OptionError(`${where}: prefix must be text, got ${show(prefix)}`);
    checkBoolean(where, "cluster", cluster);
    checkNumber(where, "patience", patience, "a number of seconds above 0", (n) => n > 0);
    this.prefix = prefix;
    this.cluster = cluster;
    this.#patience = patience;
    this.connection = new RedisConnection(where, this.address, cluster, patience);
  }

  async append(lines: readonly string[]): Promise<void> {
    if (this.cluster) return this.#appendOneByOne(lines);
    const call = ++this.#appended;
    const args = [this.prefix, `${this.prefix}:writer:${this.#writer}`, call, ...lines];
    await this.connection.run((redis) => redis.eval(APPEND, 0, ...args));
  }

  /** A cluster's script cannot write keys of several nodes. */
  async #appendOneByOne(lines: readonly string[]): Promise<void> {
    const last = `${this.prefix}:log_number`;
    await this.connection.run((redis) => redis.setnx(last, -1));
    for (const line of lines) {
      for (let stored = false; !stored; ) {
        const number = await this.connection.run((redis) => redis.incr(last));
        stored = await this.#fill(number, line);
      }
    }
  }

  /** Stores a line where there is none. Returns false if a reader has taken its writer for dead. */
  #fill(number: number, line: string): Promise<boolean> {
    const key = this.#key(number);
    return this.connection.run(
      async (redis) => (await redis.setnx(key, line)) === 1 || (await redis.get(key)) === line,
    );
  }

  async read(from: number): Promise<readonly string[]> {
    const last = await this.#lastNumber();
    if (last + 1 < from) {
      throw new DataError(
        `JournalRedis: the journal ${show(this.prefix)} has ${last + 1} lines, where ${from} were read before; the Redis has lost data, for ` +
          "example in a crash without appendfsync always. Open the study again",
      );
    }
    const lines: string[] = [];
    for (let at = from; at <= last; at += CHUNK) {
      const keys = Array.from({ length: Math.min(CHUNK, last + 1 - at) }, (_, i) => this.#key(at + i));
      const some = await this.connection.run((redis) => this.#getAll(redis, keys));
      for (const [i, line] of some.entries()) lines.push(line ?? (await this.#await(at + i)));
    }
    return lines;
  }

  /** Closes the connection. A program ends without this call, too. */
  close(): void {
    this.connection.close();
  }

  #key(number: number): string {
    return `${this.prefix}:log:${number}`;
  }

  async #lastNumber(): Promise<number> {
    const key = `${this.prefix}:log_number`;
    const text = (await this.connection.run((redis) => redis.get(key))) ?? "-1";
    const number = Number(text);
    if (!Number.isSafeInteger(number) || number < -1)
      throw new DataError(
        `JournalRedis: the key ${show(key)} must be the number of a journal's last line, got ${show(text)}; choose another prefix`,
      );
    return number;
  }

  #getAll(redis: RedisClient, keys: string[]): Promise<(string | null)[]> {
    return this.cluster ? Promise.all(keys.map((key) => redis.get(key))) : redis.mget(keys);
  }

  /** Waits for a line that has a number already. Its writer may be between the two steps of a cluster, or have died there. */
  async #await(number: number): Promise<string> {
    const key = this.#key(number);
    const end = performance.now() + 1000 * this.#patience;
    for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
      const line = await this.connection.run((redis) => redis.get(key));
      if (line !== null) return line;
      if (performance.now() >= end) break;
      await new Promise((done) => setTimeout(done, wait));
    }
    if (this.cluster) {
      await this.#fill(number, NOTHING);
      return (await this.connection.run((redis) => redis.get(key)))!;
    }
    throw new DataError(
      `JournalRedis: line ${number} of the journal is missing (key ${show(key)}) after ${this.#patience} s; Redis has evicted it ` +
        "(maxmemory-policy must be noeviction), or a writer with Optuna's use_cluster has died: then open the journal with cluster: true",
    );
  }
}
