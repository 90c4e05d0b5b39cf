/** A connection to Redis that waits for a server that is away, for a limited time. */
import { show } from "../../checks.ts";
import { DisposedError, OptionError, StorageUnavailableError } from "../../errors.ts";

/** Where a Redis is, and how to log in. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: object;
}

/** The commands of a client of ioredis that are used here. */
export interface RedisClient {
  get(key: string): Promise<string | null>;
  getBuffer(key: string): Promise<Buffer | null>;
  mget(keys: string[]): Promise<(string | null)[]>;
  set(key: string, value: string | Buffer): Promise<unknown>;
  setnx(key: string, value: string | number): Promise<number>;
  incr(key: string): Promise<number>;
  del(key: string): Promise<number>;
  eval(script: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
}

/** The rest of a client: how it is opened and closed. */
interface Opened extends RedisClient {
  readonly status: string;
  readonly stream?: { unref(): void };
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "connect", listener: () => void): unknown;
  disconnect(): void;
}

/** Milliseconds between two attempts. */
const RETRY_MS = 200;

/** Replies of a server that will soon be ready again: it loads its file, or another one takes its place. */
const SOON_READY = /^(LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY)\b/;

/** Replies that no waiting changes: who is not let in. */
const REFUSED = /\b(WRONGPASS|NOAUTH|NOPERM)\b|\binvalid password\b|\bDB index is out of range\b/;

/** Replies that a cluster gives to those who take it for a single server. */
const OF_CLUSTER = /^(CROSSSLOT|MOVED)\b/;

/**
 * Reads `redis://user:password@host:port/db`. Errors do not repeat the text, which may hold a password.
 * @throws OptionError if it is no such address
 */
export function parseRedisUrl(where: string, url: unknown): RedisAddress {
  const wanted = `${where}: the connection must be redis://[user:password@]host[:port][/db], or rediss:// for TLS`;
  if (typeof url !== "string") throw new OptionError(`${wanted}, got ${show(url)}`);
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed) throw new OptionError(`${wanted}, got a text that is no URL`);
  const { protocol, hostname, port, pathname, search, hash } = parsed;
  if (protocol !== "redis:" && protocol !== "rediss:")
    throw new OptionError(`${wanted}, got a URL of ${show(protocol)}`);
  const db = pathname.replace(/^\//, "");
  if (!/^\d*$/.test(db)) throw new OptionError(`${wanted}, got the database ${show(db)}; it is a number`);
  if (search !== "" || hash !== "")
    throw new OptionError(`${wanted}, got more behind the database; leave it out`);
  const [username, password] = [parsed.username, parsed.password].map((text) => decoded(wanted, text));
  return {
    // An address of IPv6 stands in brackets in a URL alone.
    host: hostname.replace(/^\[(.*)\]$/, "$1") || "localhost",
    port: port === "" ? 6379 : Number(port),
    db: Number(db),
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(protocol === "rediss:" ? { tls: {} } : {}),
  };
}

function decoded(wanted: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new OptionError(`${wanted}, got a user or a password with a % that is no escape; write %25 for it`);
  }
}

/** An address for a message: without user and password. */
export function shownAddress({ host, port, db, tls }: RedisAddress): string {
  return `${tls ? "rediss" : "redis"}://${host.includes(":") ? `[${host}]` : host}:${port}/${db}`;
}

/** Imports an optional package. */
export async function importOptional<T>(where: string, load: () => Promise<T>, packages: string): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new StorageUnavailableError(
      `${where}: ${packages} could not be loaded (${(cause as Error).message}); npm install ${packages}`,
      { cause },
    );
  }
}

/** One connection, opened when it is needed. It does not keep a program alive that has nothing else to do. */
export class RedisConnection {
  readonly #where: string;
  readonly #address: RedisAddress;
  readonly #cluster: boolean;
  readonly #seconds: number;
  #ioredis: typeof import("ioredis") | null = null;
  #client: Opened | null = null;
  #pending = 0;
  #lastError: Error | null = null;
  /** Ends the calls that wait, where waiting is of no use. */
  readonly #refused = new Set<(error: Error) => void>();

  /** @param seconds How long a call waits for a server that does not answer */
  constructor(where: string, address: RedisAddress, cluster: boolean, seconds: number) {
    this.#where = where;
    this.#address = address;
    this.#cluster = cluster;
    this.#seconds = seconds;
  }

  /**
   * Runs a command, again and again while the server is away. It may reach the server more than once.
   * @throws StorageUnavailableError when the time is over, or the server refuses the command
   */
  async run<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    this.#ioredis ??= await importOptional(this.#where, () => import("ioredis"), "ioredis");
    const end = performance.now() + 1000 * this.#seconds;
    this.#pending++;
    let timer: NodeJS.Timeout | undefined;
    let refuse: (error: Error) => void = () => {};
    // The timer keeps the program alive while it waits.
    const over = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new TimeoutError()), 1000 * this.#seconds);
      refuse = reject;
    });
    this.#refused.add(refuse);
    try {
      for (;;) {
        try {
          return await Promise.race([command(this.#open(this.#ioredis)), over]);
        } catch (error) {
          if (!(error instanceof Error) || !SOON_READY.test(error.message) || performance.now() >= end)
            throw error;
          this.#lastError = error;
          await Promise.race([new Promise((done) => setTimeout(done, RETRY_MS)), over]);
        }
      }
    } catch (error) {
      // What was not sent must not be sent later, when the caller has given up.
      this.#drop();
      throw error instanceof DisposedError ? error : this.#failed(error as Error);
    } finally {
      clearTimeout(timer);
      this.#refused.delete(refuse);
      this.#pending--;
    }
  }

  /** Closes the connection, and ends the calls that wait; the next call opens another. */
  close(): void {
    this.#drop();
    const address = shownAddress(this.#address);
    const closed = new DisposedError(`${this.#where}: closed before the Redis at ${address} has answered`);
    for (const refuse of this.#refused) refuse(closed);
  }

  #drop(): void {
    this.#client?.disconnect();
    this.#client = null;
  }

  #open({ Redis, Cluster }: typeof import("ioredis")): RedisClient {
    if (this.#client && this.#client.status !== "end") return this.#client;
    const { host, port, ...login } = this.#address;
    const retry = () => (this.#pending > 0 ? RETRY_MS : null);
    const client = (
      this.#cluster
        ? new Cluster([{ host, port }], {
            redisOptions: login,
            clusterRetryStrategy: retry,
            retryDelayOnFailover: RETRY_MS,
          })
        : new Redis({ host, port, ...login, retryStrategy: retry, maxRetriesPerRequest: null })
    ) as Opened;
    client.on("error", (error) => {
      this.#lastError = (error as { lastNodeError?: Error }).lastNodeError ?? error;
      if (REFUSED.test(this.#lastError.message)) for (const refuse of this.#refused) refuse(this.#lastError);
    });
    client.on("connect", () => client.stream?.unref());
    this.#client = client;
    return client;
  }

  #failed(error: Error): StorageUnavailableError {
    const address = shownAddress(this.#address);
    // Errors of ioredis have the command with them: a login's has the password.
    const cause = new Error(
      (error instanceof TimeoutError ? this.#lastError : error)?.message ?? "no answer",
    );
    if (!(error instanceof TimeoutError)) {
      const advice = OF_CLUSTER.test(cause.message)
        ? "it is a Redis Cluster: set cluster: true"
        : "check the password, the rights and the room that it has";
      return new StorageUnavailableError(
        `${this.#where}: the Redis at ${address} refuses (${cause.message}); ${advice}`,
        { cause },
      );
    }
    return new StorageUnavailableError(
      `${this.#where}: the Redis at ${address} has been away for ${this.#seconds} s (${cause.message}); start it, or check the address and the firewall`,
      { cause },
    );
  }
}

class TimeoutError extends Error {}
