/** A journal in Redis, as far as it needs none: its address, its options, a server that is away. `npm run test:interop` has the rest. */
import { once } from "node:events";
import { createServer } from "node:net";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { OptionError, StorageUnavailableError } from "webgpu-lstm";
import { createStudy } from "webgpu-lstm/search";
import { JournalRedis } from "webgpu-lstm/search/node";
import { parseRedisUrl, shownAddress } from "../../src/search/node/redis.ts";
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
