/** A journal in Redis, as far as it needs none: its address, its options, a server that is away. `npm run test:interop` has the rest. */
import { once } from "node:events";
import { createServer } from "node:net";
import { inspect } from "node:util";
import { describe, expect, test, vi } from "vitest";
import { DataError, DisposedError, OptionError, StorageUnavailableError } from "webgpu-lstm";
import { createStudy, loadStudy } from "webgpu-lstm/search";
import { JournalRedis } from "webgpu-lstm/search/node";
import { parseRedisUrl, type RedisClient, shownAddress } from "../../src/search/node/redis.ts";
import { expectRefusal } from "../refusal.ts";

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

describe("an address", () => {
  test.each([
    ["redis://localhost", { host: "localhost", port: 6379, db: 0 }],
    ["redis://", { host: "localhost", port: 6379, db: 0 }],
    ["redis://:p%40ss@10.0.0.1:7000/3", { host: "10.0.0.1", port: 7000, db: 3, password: "p@ss" }],
    ["rediss://me:x@host/", { host: "host", port: 6379, db: 0, username: "me", password: "x", tls: {} }],
    ["redis://[::1]:7000", { host: "::1", port: 7000, db: 0 }],
  ])("%s is read", (url, address) => expect(parseRedisUrl("f", url)).toEqual(address));

  test("is shown without user and password", () => {
    expect(shownAddress(parseRedisUrl("f", "rediss://me:secret@[::1]:7000/2"))).toBe("rediss://[::1]:7000/2");
  });

  test.each([
    "http://:secret@localhost",
    ":secret@localhost",
    "redis://:secret@localhost:99999",
    "redis://:secret@localhost/study",
    "redis://localhost/0?password=secret",
    "redis://localhost/0#secret",
    "redis://:secret%@localhost",
  ])("that is none is refused, without its password: %s", async (url) => {
    await expectRefusal(
      () => new JournalRedis(url),
      OptionError,
      "JournalRedis",
      "redis://[user:password@]host",
    );
    expect(() => new JournalRedis(url)).not.toThrow("secret");
  });
});

test("unknown and wrong options are refused", async () => {
  const refused =
    (url: unknown, options: unknown = {}, ...more: unknown[]) =>
    () =>
      Reflect.construct(JournalRedis, [url, options, ...more]);
  await expectRefusal(refused(7), OptionError, "JournalRedis", "got 7");
  await expectRefusal(
    refused("redis://a", { useCluster: true }),
    OptionError,
    "useCluster",
    "cluster, patience",
  );
  await expectRefusal(refused("redis://a", { prefix: 1 }), OptionError, "prefix must be text, got 1");
  await expectRefusal(
    refused("redis://a", { cluster: 1 }),
    OptionError,
    "cluster must be true or false, got 1",
  );
  await expectRefusal(
    refused("redis://a", { patience: 0 }),
    OptionError,
    "patience",
    "seconds above 0, got 0",
  );
  await expectRefusal(refused("redis://a", {}, 1), OptionError, "unknown argument 1");
});

test("a Redis that is away is named after the limit, and a study waits no longer", async () => {
  const port = await closedPort();
  const storage = new JournalRedis(`redis://me:secret@127.0.0.1:${port}/0`, { patience: 0.5 });
  const start = performance.now();
  const parts = ["JournalRedis", `redis://127.0.0.1:${port}/0`, "for 0.5 s", "ECONNREFUSED"];
  await expectRefusal(() => createStudy({ storage }), StorageUnavailableError, ...parts);
  expect(performance.now() - start).toBeGreaterThan(490);
});

test("close ends the calls that wait for a Redis that is away", async () => {
  const storage = new JournalRedis(`redis://127.0.0.1:${await closedPort()}/0`);
  const reading = storage.read(0);
  setTimeout(() => storage.close(), 100);
  await expectRefusal(() => reading, DisposedError, "JournalRedis: closed before", "has answered");
});

test("a server that does not let us in is named at once, and no error has the password", async () => {
  // Answers every command of Redis's protocol, HELLO among them, as Redis answers a wrong password.
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (commands) => {
      for (const _ of String(commands).matchAll(/\*\d+\r\n/g)) socket.write("-WRONGPASS invalid pair\r\n");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const storage = new JournalRedis(`redis://me:secret@127.0.0.1:${port}/0`, { patience: 3 });
  const error = await storage.read(0).catch((thrown: unknown) => thrown);
  server.close();
  expect(error).toBeInstanceOf(StorageUnavailableError);
  expect((error as Error).message).toContain("WRONGPASS");
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("secret");
});

test.each([false, true])("a Redis that has lost lines is named, with cluster: %s", async (cluster) => {
  const storage = new JournalRedis("redis://127.0.0.1:1", { prefix: "a", cluster, patience: 0.2 });
  const keys = new Map<string, string>();
  const get = async (key: string) => keys.get(key) ?? null;
  const mget = (names: string[]) => Promise.all(names.map(get));
  // In place of the server: what it has under its keys.
  vi.spyOn(storage.connection, "run").mockImplementation((command) =>
    command({ get, mget } as Partial<RedisClient> as RedisClient),
  );
  const line = (number: number) =>
    `{"op_code":${number === 0 ? 0 : 2},"worker_id":"w","study_name":"b","directions":[1],"study_id":0,"user_attr":{"n":${number}}}`;
  const store = (lines: number) => {
    keys.clear();
    keys.set("a:log_number", `${lines - 1}`);
    for (let i = 0; i < lines; i++) keys.set(`a:log:${i}`, line(i));
  };
  store(3);
  const study = await loadStudy({ storage });
  expect(study.userAttrs).toEqual({ n: 2 });
  store(2);
  const lost = [
    'the journal "a" has 2 lines',
    "3 were read before",
    "appendfsync always",
    "Open the study again",
  ];
  await expectRefusal(() => study.sync(), DataError, ...lost);
  keys.clear();
  await expectRefusal(() => study.sync(), DataError, "has 0 lines");
  keys.set("a:log_number", "none");
  await expectRefusal(() => study.sync(), DataError, '"a:log_number"', '"none"', "choose another prefix");
  store(4);
  await study.sync();
  expect(study.userAttrs).toEqual({ n: 3 });
  store(5);
  keys.delete("a:log:4");
  if (!cluster) await expectRefusal(() => study.sync(), DataError, "line 4", "noeviction");
});
