/** Checkpoint stores: saved checkpoints can be loaded, and an interrupted save keeps the earlier one. */
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  type CheckpointStore,
  DataError,
  OptionError,
  openCheckpointStore,
  StorageQuotaError,
  StorageUnavailableError,
} from "webgpu-lstm";
import { crc32 } from "../../src/io/crc32.ts";
import { expectRefusal, wrong } from "../refusal.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const bytes = (...values: number[]) => Uint8Array.from(values);
const names = async (store: CheckpointStore) => (await store.list()).map(({ name }) => name);

let stores = 0;

/** A new store for each test, removed afterwards. */
async function withStore(
  backend: "opfs" | "indexeddb",
  body: (store: CheckpointStore, name: string) => Promise<void>,
): Promise<void> {
  const name = `test ${stores++} ${Math.random()}`;
  const store = await openCheckpointStore({ backend, name });
  try {
    await body(store, name);
  } finally {
    vi.restoreAllMocks();
    store.close();
    if (backend === "opfs") {
      const root = await navigator.storage.getDirectory();
      await root.removeEntry(encodeURIComponent(name), { recursive: true });
    } else {
      await new Promise((resolve, reject) => {
        const deleting = indexedDB.deleteDatabase(`webgpu-lstm/${name}`);
        deleting.onsuccess = resolve;
        deleting.onerror = reject;
      });
    }
  }
}

const folderOf = async (name: string) =>
  (await navigator.storage.getDirectory()).getDirectoryHandle(encodeURIComponent(name));

async function filesIn(folder: FileSystemDirectoryHandle): Promise<string[]> {
  const files = [];
  for await (const file of folder.keys()) files.push(file);
  return files.sort();
}

describe.each(["opfs", "indexeddb"] as const)("a store in %s", (backend) => {
  test("returns saved checkpoints by name, in the order of saving", () =>
    withStore(backend, async (store, name) => {
      expect(store.backend).toBe(backend);
      expect(await store.list()).toEqual([]);
      expect(await store.latest()).toBeUndefined();
      const start = Date.now();
      const large = new Uint8Array(1_000_003).map((_, i) => i * 31);
      await store.save("a", bytes(1, 2, 3));
      await store.save("run/ü @ 100 % ~.", large);
      await store.save("blob", new Blob([bytes(9), bytes(8)]));
      await store.save("buffer", bytes(7, 7).buffer);
      await store.save("part", large.subarray(3, 6));
      await store.save("empty", bytes());
      await store.save("a", bytes(4));
      expect(await names(store)).toEqual(["run/ü @ 100 % ~.", "blob", "buffer", "part", "empty", "a"]);
      expect((await store.list()).map(({ bytes }) => bytes)).toEqual([1_000_003, 2, 2, 3, 0, 1]);
      const latest = (await store.latest())!;
      expect([latest.name, latest.bytes]).toEqual(["a", 1]);
      expect(latest.savedAt.getTime()).toBeGreaterThanOrEqual(start - 1000);
      expect(latest.savedAt.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
      expect(await store.load("a")).toEqual(bytes(4));
      expect(await store.load("run/ü @ 100 % ~.")).toEqual(large);
      expect(await store.load("blob")).toEqual(bytes(9, 8));
      expect(await store.load("part")).toEqual(large.slice(3, 6));
      expect(await store.load("empty")).toEqual(bytes());
      const blob = await store.loadBlob("buffer");
      expect([blob.type, blob.size]).toEqual(["application/octet-stream", 2]);
      await store.save("buffer", bytes(5));
      expect(new Uint8Array(await blob.arrayBuffer())).toEqual(bytes(7, 7));

      // Opens it again, as after a reload.
      const again = await openCheckpointStore({ backend, name });
      expect(await names(again)).toEqual(["run/ü @ 100 % ~.", "blob", "part", "empty", "a", "buffer"]);
      await again.remove("a");
      await again.remove("a");
      expect(await names(store)).toEqual(["run/ü @ 100 % ~.", "blob", "part", "empty", "buffer"]);
      await expectRefusal(
        () => store.load("a"),
        DataError,
        'CheckpointStore.load: there is no checkpoint "a"',
      );
      again.close();
    }));

  test("accepts concurrent saves; the last one requested stays", () =>
    withStore(backend, async (store, name) => {
      const other = await openCheckpointStore({ backend, name });
      const saves = Array.from({ length: 6 }, (_, i) => (i % 2 ? store : other).save("same", bytes(i)));
      await Promise.all([...saves, store.save("beside", bytes(1))]);
      expect((await names(store)).sort()).toEqual(["beside", "same"]);
      expect(await store.load("same")).toEqual(bytes(5));
      other.close();
    }));

  test(
    "keeps the earlier checkpoint when a save is interrupted",
    () =>
      withStore(backend, async (store, name) => {
        for (let round = 0; round < 4; round++) {
          const worker = new Worker(new URL("./storage-worker.ts", import.meta.url), {
            type: "module",
            name: JSON.stringify({ backend, name }),
          });
          const begun = await new Promise<number>((resolve, reject) => {
            worker.onerror = (event) => reject(new Error(event.message));
            worker.onmessage = ({ data: { begins } }) => {
              // Interrupts the save at a different moment each time, from start to end.
              if (begins === 3) setTimeout(() => resolve(begins), 2 * round);
            };
          });
          worker.terminate();
          const loaded = await store.load("run");
          expect(loaded.length).toBe(3_000_001);
          expect(loaded[0]).toBeGreaterThanOrEqual(begun - 1);
          expect(loaded.every((value) => value === loaded[0])).toBe(true);
          expect(await names(store)).toEqual(["run"]);
        }
        await store.save("run", bytes(1));
        expect(await store.load("run")).toEqual(bytes(1));
        if (backend === "opfs") expect((await filesIn(await folderOf(name))).length).toBe(1);
      }),
    60_000,
  );

  test("reports a full disk, and keeps its contents", () =>
    withStore(backend, async (store) => {
      await store.save("a", bytes(1));
      const full = new DOMException("no room", "QuotaExceededError");
      if (backend === "opfs") {
        vi.spyOn(FileSystemWritableFileStream.prototype, "write").mockRejectedValue(full);
      } else {
        vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
          throw full;
        });
      }
      await expectRefusal(
        () => store.save("a", bytes(2)),
        StorageQuotaError,
        "CheckpointStore.save: the browser gives this page no more room (QuotaExceededError: no room)",
        "remove()",
      );
      vi.restoreAllMocks();
      expect(await store.load("a")).toEqual(bytes(1));
      expect(await names(store)).toEqual(["a"]);
      await store.save("a", bytes(3));
      expect(await store.load("a")).toEqual(bytes(3));
    }));

  test("refuses invalid checkpoints and names", () =>
    withStore(backend, async (store) => {
      const save = (name: unknown, value: unknown) => () => store.save(wrong(name), wrong(value));
      await expectRefusal(save("", bytes(1)), OptionError, "CheckpointStore.save: name", '""');
      await expectRefusal(save("x".repeat(201), bytes(1)), OptionError, "1 to 200 characters");
      await expectRefusal(save("\ud800", bytes(1)), OptionError, "CheckpointStore.save: name");
      await expectRefusal(save(3, bytes(1)), OptionError, "got 3");
      await expectRefusal(save("a", "text"), OptionError, "CheckpointStore.save: expected bytes", '"text"');
      await expectRefusal(() => store.load(wrong(null)), OptionError, "CheckpointStore.load: name");
      await expectRefusal(() => store.remove(""), OptionError, "CheckpointStore.remove: name");
      expect(await store.list()).toEqual([]);
    }));
});

describe("in OPFS", () => {
  test("ignores a truncated file, as after a crash, and reports a damaged one", () =>
    withStore("opfs", async (store, name) => {
      await store.save("a", bytes(1, 2, 3, 4, 5, 6, 7, 8));
      const folder = await folderOf(name);
      const [file] = await filesIn(folder);
      const whole = new Uint8Array(await (await (await folder.getFileHandle(file!)).getFile()).arrayBuffer());
      expect(whole.length).toBe(8 + 24);
      const put = async (number: number, content: Uint8Array<ArrayBuffer>) => {
        const handle = await folder.getFileHandle(`a@${String(number).padStart(12, "0")}`, { create: true });
        const stream = await handle.createWritable();
        await stream.write(content);
        await stream.close();
      };
      for (let cut = 0; cut < whole.length; cut++) {
        await put(2, whole.slice(0, cut));
        expect(await store.load("a"), `cut at ${cut}`).toEqual(bytes(1, 2, 3, 4, 5, 6, 7, 8));
      }
      expect((await store.list()).length).toBe(1);
      // Unwritten bytes in a file of the right length: the checksum detects them.
      await put(2, whole.with(3, 0));
      expect(await store.load("a")).toEqual(bytes(1, 2, 3, 4, 5, 6, 7, 8));
      await put(1, whole.with(3, 0));
      await expectRefusal(() => store.load("a"), DataError, 'checkpoint "a" is damaged');
      await store.save("b", bytes(1));
      await put(9, whole.slice(0, 5));
      await store.save("a", bytes(1));
      expect(await filesIn(folder)).toEqual(["a@000000000010", "b@000000000003"]);
    }));

  test("a save that throws leaves no file behind", () =>
    withStore("opfs", async (store, name) => {
      await store.save("a", bytes(1));
      const write = FileSystemWritableFileStream.prototype.write;
      let calls = 0;
      vi.spyOn(FileSystemWritableFileStream.prototype, "write").mockImplementation(function (
        this: FileSystemWritableFileStream,
        data,
      ) {
        if (calls++ === 1) return Promise.reject(new DOMException("gone", "NotReadableError"));
        return write.call(this, data);
      });
      await expectRefusal(
        () => store.save("a", bytes(2)),
        DataError,
        "CheckpointStore.save: the browser's storage failed (NotReadableError: gone)",
      );
      expect(await filesIn(await folderOf(name))).toEqual(["a@000000000001"]);
      expect(await store.load("a")).toEqual(bytes(1));
    }));
});

describe("in OPFS, files of others", () => {
  /** Names that no checkpoint has, some of which are no percent-encoded text. */
  const STRAY = [
    "%@000000000001",
    "%E0%A4%A@000000000002",
    "100%@000000000003",
    "%zz@999999999999",
    "a b@000000000004",
    "a@999999999999999999999999",
    "a@1",
    "%.crswap",
    "notes.txt",
  ];

  test("are neither listed nor removed, and get in nobody's way", () =>
    withStore("opfs", async (store, name) => {
      const folder = await folderOf(name);
      for (const file of STRAY) {
        const stream = await (await folder.getFileHandle(file, { create: true })).createWritable();
        await stream.write(bytes(1, 2, 3));
        await stream.close();
      }
      await folder.getDirectoryHandle("a@000000000009", { create: true });
      expect(await store.list()).toEqual([]);
      expect(await store.latest()).toBeUndefined();
      await store.save("a", bytes(1));
      await store.save("a", bytes(2));
      await store.save("100 %", bytes(3));
      expect(await names(store)).toEqual(["a", "100 %"]);
      expect(await store.load("a")).toEqual(bytes(2));
      await store.remove("a");
      await expectRefusal(() => store.load("a"), DataError, "there is no checkpoint");
      expect(await filesIn(folder)).toEqual([...STRAY, "a@000000000009", "100%20%25@000000000003"].sort());
    }));

  test("do not make a save lose its checkpoint", () =>
    withStore("opfs", async (store, name) => {
      await store.save("a", bytes(1));
      await (await folderOf(name)).getFileHandle("b@999999999999", { create: true });
      await expectRefusal(
        () => store.save("a", bytes(2)),
        DataError,
        "CheckpointStore.save: the store's numbers are used up",
        "b@999999999999",
      );
      expect(await store.load("a")).toEqual(bytes(1));
    }));
});

describe("in IndexedDB, a checkpoint", () => {
  /** Runs `change` on the two tables of a store, as damage would. */
  const tamper = async (
    name: string,
    change: (content: IDBObjectStore, index: IDBObjectStore, entry: object) => void,
  ) => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open(`webgpu-lstm/${name}`, 1);
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    const transaction = database.transaction(["content", "index"], "readwrite");
    const index = transaction.objectStore("index");
    const reading = index.get("a");
    reading.onsuccess = () => change(transaction.objectStore("content"), index, reading.result as object);
    await new Promise((resolve) => {
      transaction.oncomplete = resolve;
    });
    database.close();
  };
  const saved = bytes(1, 2, 3, 4);

  test.each<[string, Parameters<typeof tamper>[1]]>([
    ["with a changed bit", (content) => content.put(saved.with(2, 7).buffer, "a")],
    ["cut off", (content) => content.put(saved.slice(0, 3).buffer, "a")],
    ["with bytes behind it", (content) => content.put(bytes(1, 2, 3, 4, 0).buffer, "a")],
    ["whose bytes are something else", (content) => content.put("text", "a")],
    ["without its bytes", (content) => content.delete("a")],
    ["without its entry", (_, index) => index.delete("a")],
    ["with another checksum", (_, index, entry) => index.put({ ...entry, crc: 1 })],
  ])("is reported as damaged %s", (_, change) =>
    withStore("indexeddb", async (store, name) => {
      await store.save("a", saved);
      await store.save("b", bytes(9));
      await tamper(name, change);
      for (const load of [() => store.load("a"), () => store.loadBlob("a")]) {
        await expectRefusal(
          load,
          DataError,
          'CheckpointStore.load: checkpoint "a" is damaged',
          "save it anew",
        );
      }
      expect(await store.load("b")).toEqual(bytes(9));
      await store.save("a", bytes(5));
      expect(await store.load("a")).toEqual(bytes(5));
    }),
  );

  test("of before the checksums can be loaded, and is damaged at another length", () =>
    withStore("indexeddb", async (store, name) => {
      await store.save("a", saved);
      await tamper(name, (_, index, entry) => {
        const { crc: _crc, ...before } = entry as { crc: number };
        index.put(before);
      });
      expect(await store.load("a")).toEqual(saved);
      await tamper(name, (content) => content.put(saved.slice(0, 3).buffer, "a"));
      await expectRefusal(() => store.load("a"), DataError, 'checkpoint "a" is damaged');
    }));
});

test("in IndexedDB, writes both tables or none", () =>
  withStore("indexeddb", async (store) => {
    await store.save("a", bytes(1));
    const put = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, ...args) {
      if (this.name === "content") return put.apply(this, args);
      throw new DOMException("gone", "UnknownError");
    });
    await expectRefusal(
      () => store.save("a", bytes(2, 2)),
      DataError,
      "CheckpointStore.save",
      "UnknownError: gone",
    );
    vi.restoreAllMocks();
    expect(await store.load("a")).toEqual(bytes(1));
    expect((await store.list()).map(({ bytes }) => bytes)).toEqual([1]);
  }));

test("in IndexedDB, a transaction that the browser ends says why", () =>
  withStore("indexeddb", async (store) => {
    await store.save("a", bytes(1));
    const { getAll } = IDBObjectStore.prototype;
    vi.spyOn(IDBObjectStore.prototype, "getAll").mockImplementation(function (this: IDBObjectStore) {
      this.add({ name: "a" }); // there is an "a", so the browser ends the transaction
      return getAll.call(this);
    });
    await expectRefusal(
      () => store.save("b", bytes(2)),
      DataError,
      "CheckpointStore.save: the browser's storage failed (ConstraintError",
    );
    vi.restoreAllMocks();
    expect(await names(store)).toEqual(["a"]);
    expect(await store.load("a")).toEqual(bytes(1));
  }));

describe("openCheckpointStore", () => {
  test("uses OPFS if possible, else IndexedDB, and names missing storage", async () => {
    const name = `test ${Math.random()}`;
    const preferred = await openCheckpointStore({ name });
    expect(preferred.backend).toBe("opfs");
    await (await navigator.storage.getDirectory()).removeEntry(encodeURIComponent(name));

    vi.stubGlobal("navigator", { storage: undefined, locks: navigator.locks });
    await expectRefusal(
      () => openCheckpointStore({ backend: "opfs", name }),
      StorageUnavailableError,
      "openCheckpointStore: this runtime has no origin private file system",
    );
    const other = await openCheckpointStore({ name });
    expect(other.backend).toBe("indexeddb");
    other.close();
    indexedDB.deleteDatabase(`webgpu-lstm/${name}`);
    vi.stubGlobal("indexedDB", undefined);
    await expectRefusal(() => openCheckpointStore({ name }), StorageUnavailableError, "has no IndexedDB");
    vi.unstubAllGlobals();

    const denied = new DOMException("denied", "SecurityError");
    vi.spyOn(StorageManager.prototype, "getDirectory").mockRejectedValue(denied);
    await expectRefusal(
      () => openCheckpointStore({ backend: "opfs", name }),
      StorageUnavailableError,
      "does not let this page store anything (SecurityError: denied)",
    );
  });

  test("refuses wrong options", async () => {
    await expectRefusal(() => openCheckpointStore(wrong({ folder: "x" })), OptionError, '"folder"');
    await expectRefusal(() => openCheckpointStore({ name: "" }), OptionError, "openCheckpointStore: name");
    await expectRefusal(() => openCheckpointStore({ backend: wrong("disk") }), OptionError, 'got "disk"');
  });
});

test("the checksum is zip's CRC-32", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  expect(crc32(bytes())).toBe(0);
});
