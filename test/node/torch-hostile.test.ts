/** Files of PyTorch that are damaged, that lie or that hold what is not data: each is refused by name, in little time and memory. */
import { describe, expect, it, test } from "vitest";
import { inspect, loadTorch } from "webgpu-lstm/formats";
import { DataError } from "../../src/errors.ts";
import { refused } from "../../src/formats/pickle-opcodes.ts";
import { goldenBytes } from "../goldens.ts";
import {
  archive,
  bytes,
  int,
  type Part,
  storage,
  tensor,
  text,
  torchFile,
  unpack,
  word,
} from "../torch-pickle.ts";

const golden = (name: string) => Uint8Array.from(goldenBytes(`torch_file_${name}.pt`));

/** The message of the DataError that loading throws. */
function messageOf(file: Uint8Array, load: (file: Uint8Array) => unknown = loadTorch): string {
  try {
    load(file);
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    const { message } = error as Error;
    expect(message).toMatch(/^(loadTorch|inspect): not a file of torch\.save that can be read: /);
    expect(message.length).toBeLessThan(700);
    return message;
  }
  throw new Error("the file was loaded");
}

describe("what PyTorch can save and this library does not load", () => {
  it.each<[string, RegExp]>([
    ["legacy", /format of PyTorch before 1\.6; .* torch\.save\(…, _use_new_zipfile_serialization=True\)$/],
    ["module", /it wants "torch\.nn\.modules\.linear\.Linear", and nothing of Python is executed here; /],
    ["command", /it wants "posix\.system", and nothing .* torch\.save\(model\.state_dict\(\), …\)/],
    ["numpy", /it wants "numpy\._core\.multiarray\.scalar", .* numbers as float\(x\)$/],
    ["float8", /it wants "torch\.float8_e8m0fnu", .* convert tensors of other types to float32/],
    ["complex", /it wants "torch\.ComplexFloatStorage", /],
    ["sparse", /it wants "torch\._utils\._rebuild_sparse_tensor", /],
    ["dtype", /it wants "torch\.float32", .* dtypes, devices and the like to text/],
    ["set", /it wants "__builtin__\.set", /],
    ["storage", /it holds a UntypedStorage, which is no data; save tensors, /],
    ["cycle", /it holds an object that contains itself; save it without the cycle$/],
    ["torchscript", /a TorchScript program; load it in Python with torch\.jit\.load and save its weights/],
    [
      "expanded",
      /a tensor takes more memory than four times the file's 1577 bytes; .*\.contiguous\(\)\.clone\(\)/,
    ],
    ["compressed", /"archive\/data\.pkl" is compressed \(method 8\), and only stored ones are read; /],
  ])("%s", (name, message) => {
    expect(messageOf(golden(`refused_${name}`))).toMatch(message);
  });

  test.each(Object.entries(refused))("the opcode %s, %s", (code, name) => {
    expect(messageOf(torchFile(bytes("(", Number(code), "t")))).toContain(
      `its pickle has the opcode ${name} at byte 3; only tensors, dicts, lists, tuples, numbers and text are read`,
    );
  });
});

describe("a pickle", () => {
  const file = (...parts: Part[]) => torchFile(bytes(...parts));
  const whole = (pickle: Uint8Array) => archive({ "archive/data.pkl": pickle });
  const many = (count: number, part: string) => part.repeat(count);

  it.each<[string, Uint8Array, RegExp]>([
    ["that is empty", whole(bytes()), /its pickle ends after 0 bytes/],
    ["without a protocol", whole(bytes("N.")), /must begin with its protocol, 2 to 5$/],
    ["of protocol 1", whole(bytes(0x80, 1, "N.")), /is of protocol 1, and 2 to 5 are read/],
    ["of protocol 6", whole(bytes(0x80, 6, "N.")), /is of protocol 6/],
    [
      "without an end",
      whole(bytes(0x80, 2, "N")),
      /ends after 3 bytes, in the middle; the file may be cut off/,
    ],
    ["with bytes after its end", whole(bytes(0x80, 2, "N.N")), /goes on for 1 bytes after its end/],
    ["with two objects", file("NN"), /leaves more than one object/],
    ["with an open mark", file("N("), /takes more objects than it has made/],
    ["with nothing", file(), /takes more objects than it has made/],
    ["that takes what it has not", file("N", 0x87), /takes more objects than it has made/],
    ["that takes from before a mark", file("N(", 0x85), /takes more objects than it has made/],
    ["that closes no mark", file("t"), /closes a mark that it has not set/],
    [
      "with an opcode that there is not",
      file("N", 0xff),
      /has the opcode 0xff, which there is not at byte 3/,
    ],
    [
      "with a text that is cut off",
      file("X", word(2 ** 32 - 1), "a"),
      /in the middle; the file may be cut off/,
    ],
    ["with a text that is not UTF-8", file("X", word(1), 0xff), /has a text at byte 7 that is not UTF-8/],
    ["with a name that does not end", file("ctorch"), /has a name at byte 3 that does not end/],
    ["with a name without end", file("c", many(2000, "a"), "\n\n"), /that does not end/],
    [
      "with a memo out of order",
      file("Nr", word(2 ** 32 - 1)),
      /notes an object under 4294967295, beyond its 0/,
    ],
    ["that wants what it has not noted", file("h", 3), /wants object 3 of 0/],
    [
      "with a key twice",
      file("}(", text("a"), "N", text("a"), "Nu"),
      /with the key "a" twice, so that it is not/,
    ],
    [
      "with a key twice, as text and number",
      file("}(", text("0"), "N", int(0), "Nu"),
      /with the key "0" twice/,
    ],
    [
      "with __proto__ twice",
      file("}(", text("__proto__"), "N", text("__proto__"), "Nu"),
      /"__proto__" twice/,
    ],
    ["with a tuple as a key", file("})Ns"), /the key \[\]; keys must be text or integers/],
    ["with half an item", file("}(", text("a"), "u"), /sets items of what is no dict/],
    ["that sets items of a list", file("](", text("a"), "Nu"), /sets items of what is no dict/],
    ["that appends to a tuple", file(")Na"), /appends to what is no list/],
    ["that appends to a dict", file("}(Ne"), /appends to what is no list/],
    ["that sets attributes of a list", file("]}b"), /sets attributes of what is no OrderedDict/],
    ["that sets attributes by a call", file("}Nb"), /sets attributes of what is no OrderedDict/],
    ["that calls a list", file("])R"), /calls what is no function/],
    ["that calls with what is no tuple", file("ccollections\nOrderedDict\nNR"), /calls what is no function/],
    ["that calls a storage", file("ctorch\nFloatStorage\n)R"), /calls torch\.FloatStorage with arguments/],
    ["with a class as a value", file("ctorch\nFloatStorage\n"), /it holds a Global, which is no data/],
    ["with a class in a list", file("]ctorch\nFloatStorage\na"), /it holds a Global, which is no data/],
    ["with a name that is no text", file("NN", 0x93), /names a class by what is no text/],
    ["with another name in protocol 4", file(text("os"), text("system"), 0x93), /it wants "os\.system"/],
    [
      "with a name that hides a dot",
      file("ctorch._utils\n_rebuild_tensor_v2.__globals__\n"),
      /it wants "torch/,
    ],
    [
      "with an OrderedDict of items",
      file("ccollections\nOrderedDict\n]", 0x85, "R"),
      /with arguments that PyTorch/,
    ],
    ["with a Size of a number", file("ctorch\nSize\nK", 1, 0x85, "R"), /calls torch\.Size with arguments/],
    [
      "with a Parameter of a list",
      file("ctorch._utils\n_rebuild_parameter\n(]NNtR"),
      /with arguments that PyTorch/,
    ],
    ["that contains itself", file("]q", 0, "h", 0, "a"), /contains itself/],
    [
      "that contains itself by a dict in a tuple",
      file("}q", 0, text("a"), "h", 0, 0x85, "s"),
      /contains itself/,
    ],
    ["that is nested deeply", file(many(2000, "]"), many(1999, "a")), /more than 1000 levels deep/],
    [
      "that is nested deeply in tuples",
      file("N", new Uint8Array(2000).fill(0x85)),
      /more than 1000 levels deep/,
    ],
  ])("%s", (_, file, message) => {
    expect(messageOf(file)).toMatch(message);
    expect(messageOf(file, inspect)).toMatch(message);
  });

  it("that repeats its parts 2^60 times", () => {
    const double = (i: number) => bytes("q", i, "h", i, 0x86);
    const laughs = file("N", ...Array.from({ length: 60 }, (_, i) => double(i)));
    expect(messageOf(laughs)).toMatch(
      /it repeats parts so often that it has more than \d+ items; save each part once/,
    );
  });

  it("whose keys belong to every object is only data", () => {
    const entries = ["__proto__", "constructor", "toString", "hasOwnProperty"].flatMap((key) => [
      text(key),
      "N",
    ]);
    const loaded = loadTorch<Record<string, unknown>>(file("}(", ...entries, "u"));
    expect(Object.keys(loaded)).toEqual(["__proto__", "constructor", "toString", "hasOwnProperty"]);
    expect(Object.getPrototypeOf(loaded)).toBe(null);
  });

  it("of a shared list is read, since PyTorch writes it", () => {
    const [a, b] = loadTorch<unknown[]>(file("]q", 0, "h", 0, 0x86));
    expect(a).toEqual([]);
    expect(b).toBe(a);
  });
});

describe("a tensor", () => {
  const big = 2 ** 40;
  const one = { 0: new Uint8Array(8) };
  it.each<[string, Uint8Array, RegExp]>([
    [
      "beyond its storage",
      tensor({ shape: [3] }),
      /shape \[3\], strides \[1\] and offset 0, reaches beyond its 2 elements/,
    ],
    ["by its offset", tensor({ offset: 1 }), /offset 1, reaches beyond its 2 elements/],
    ["by its strides", tensor({ strides: [2] }), /strides \[2\] and offset 0, reaches beyond/],
    [
      "by numbers beyond 2^53",
      tensor({ shape: [big, big], strides: [big, big] }),
      /reaches beyond its 2 elements/,
    ],
    ["that is empty, far away", tensor({ shape: [0], offset: 3 }), /offset 3, reaches beyond/],
    ["of a negative size", tensor({ shape: [-1] }), /sizes and strides from 0 to 2\^53 - 1/],
    ["of a negative stride", tensor({ strides: [-1] }), /sizes and strides from 0 to 2\^53 - 1/],
    ["of a negative offset", tensor({ offset: -1 }), /must have an offset, sizes and strides/],
    ["with fewer strides than sizes", tensor({ strides: [] }), /as many strides as sizes/],
    [
      "of 65 dimensions",
      tensor({ shape: Array(65).fill(1), strides: Array(65).fill(1) }),
      /has 65 dimensions, more/,
    ],
    [
      "of 2^40 repeated elements",
      tensor({ shape: [big], strides: [0] }),
      /a tensor takes more memory than four times/,
    ],
    [
      "of 10^12 by expand",
      tensor({ shape: [1e6, 1e6], strides: [0, 0] }),
      /a tensor takes more memory than four/,
    ],
    [
      "of endless elements",
      tensor({ shape: Array(64).fill(big), strides: Array(64).fill(0) }),
      /more memory than/,
    ],
    ["of a storage that is not there", tensor({ key: "9" }), /it lacks the storage "9"/],
    ["of a storage outside", tensor({ key: "../version" }), /it lacks the storage "\.\.\/version"/],
    [
      "of a storage that is too short",
      tensor({ elements: 3 }),
      /of 3 F32 should take 4 bytes each, but has 8/,
    ],
    [
      "of a storage of another type",
      tensor({ type: "HalfStorage" }),
      /of 2 F16 should take 2 bytes each, but has 8/,
    ],
    ["of a storage of no type", tensor({ type: "Tensor" }), /it wants "torch\.Tensor"/],
    [
      "of a storage of two types",
      bytes("(", tensor(), tensor({ type: "IntStorage" }), "t"),
      /its storage "0" is F32 and I32 at once/,
    ],
    [
      "of a storage with a type and without",
      bytes("(", tensor(), tensor({ untyped: "uint16", elements: 8 }), "t"),
      /its storage "0" is F32 and untyped at once/,
    ],
    [
      "of an untyped storage that is too short",
      tensor({ untyped: "uint16", elements: 4 }),
      /of 4 bytes should take 1 bytes each, but has 8/,
    ],
    [
      "beyond an untyped storage",
      tensor({ untyped: "uint32", elements: 8, shape: [3] }),
      /reaches beyond its 2 elements/,
    ],
    [
      "of a type that has a storage class",
      tensor({ untyped: "float32", elements: 8 }),
      /it wants "torch\.float32"/,
    ],
    [
      "with a type and a storage that has one",
      bytes(
        "ctorch._utils\n_rebuild_tensor_v3\n(",
        storage({}),
        int(0),
        ")",
        ")",
        0x89,
        "}ctorch\nuint16\ntR",
      ),
      /calls torch\._utils\._rebuild_tensor_v3 with arguments/,
    ],
    [
      "without a type, of a storage that has none",
      bytes(
        "ctorch._utils\n_rebuild_tensor_v2\n(",
        storage({ untyped: "uint16", elements: 8 }),
        int(0),
        "))",
        0x89,
        "}tR",
      ),
      /it has a tensor without a storage/,
    ],
    ["with an id that is none", bytes("NQ"), /it wants null, which is no storage/],
    ["with an id that is a dict", bytes("}Q"), /which is no storage/],
    [
      "without a storage",
      bytes("ctorch._utils\n_rebuild_tensor_v2\n(NK", 0, "))", 0x89, "}tR"),
      /it has a tensor without a storage/,
    ],
  ])("%s", (_, opcodes, message) => {
    const file = torchFile(opcodes, one);
    expect(messageOf(file)).toMatch(message);
  });

  it("that is a bool of 2", () => {
    const file = torchFile(tensor({ type: "BoolStorage" }), { 0: [1, 2] });
    expect(messageOf(file)).toMatch(/the BOOL tensor .* at index 1: a BOOL must be 0 or 1, got 2/);
    expect(messageOf(file, (file) => loadTorch(file, { keepTypes: true }))).toMatch(/is neither 0 nor 1/);
  });

  it("with a dimension of 0 beside large ones", () => {
    const shape = [big, 0, big];
    expect(loadTorch(torchFile(tensor({ shape, strides: [0, big, 1] })))).toEqual({
      data: new Float32Array(0),
      shape,
    });
  });

  it("many times over one storage: together they may take four times the file", () => {
    const views = (count: number) =>
      torchFile(
        bytes(
          "](",
          ...Array.from({ length: count }, (_, offset) =>
            tensor({ elements: 600_000, offset, shape: [500_000], strides: [1] }),
          ),
          "e",
        ),
        { 0: new Uint8Array(2_400_000) },
      );
    expect(loadTorch<unknown[]>(views(4))).toHaveLength(4);
    expect(messageOf(views(20))).toMatch(/a tensor takes more memory than four times the file's \d+ bytes/);
  });
});

describe("memory", () => {
  const size = 12_000_000;
  it.each<[string, Uint8Array]>([
    ["dicts", bytes("](", new Uint8Array(size).fill(0x7d), "e")],
    ["lists", bytes("](", new Uint8Array(size).fill(0x5d), "e")],
    ["tuples", bytes("](", new Uint8Array(size).fill(0x29), "e")],
    ["marks", new Uint8Array(size).fill(0x28)],
    ["None", bytes("](", new Uint8Array(size).fill(0x4e), "e")],
    ["dicts with a far key", bytes("](", `}K\x7fNs`.repeat(size / 8), "e")],
    ["notes", bytes("N", new Uint8Array(size).fill(0x94))],
    ["marks and tuples", bytes("](", "(N(t".repeat(size / 4), "e")],
  ])("for %s without end is refused", (_, opcodes) => {
    expect(messageOf(torchFile(opcodes))).toMatch(/takes more memory than four times the file's \d+ bytes/);
  });

  it("for long names of many parts is refused by inspect", () => {
    const items = Array.from({ length: 2000 }, (_, i) => bytes(text(`${i}`), "N"));
    const file = torchFile(bytes("}", text("k".repeat(100_000)), "}(", ...items, "us"));
    expect(Object.keys(loadTorch<object>(file))).toHaveLength(1);
    expect(messageOf(file, inspect)).toMatch(/the list of its content takes more memory than four times/);
  });
});

describe("an archive", () => {
  const good = torchFile(tensor());
  const view = (file: Uint8Array) => new DataView(file.buffer, file.byteOffset, file.byteLength);
  const end = (file: Uint8Array) => file.length - 22;
  const directory = (file: Uint8Array) => view(file).getUint32(end(file) + 16, true);

  /** A copy that was changed; `change` gets its bytes and where its directory and its end record are. */
  function changed(
    change: (view: DataView, directory: number, end: number) => void,
    from = good,
  ): Uint8Array {
    const file = from.slice();
    change(view(file), directory(file), end(file));
    return file;
  }

  it.each<[string, Uint8Array, RegExp]>([
    [
      "that is empty",
      new Uint8Array(0),
      /it must be a zip archive, which begins with PK; inspect\(bytes\) says/,
    ],
    [
      "that is cut off",
      good.subarray(0, good.length - 1),
      /no zip directory at its end; the file may be cut off/,
    ],
    ["that is cut off early", good.subarray(0, 100), /no zip directory at its end/],
    ["that goes on", bytes(good, "more"), /no zip directory at its end/],
    ["without data.pkl", archive({ "archive/version": bytes("3") }), /a zip archive without the data\.pkl/],
    [
      "of another byte order",
      torchFile(tensor(), { 0: new Uint8Array(8) }, { "archive/byteorder": bytes("middle") }),
      /its byteorder must be "little" or "big", got "middle"/,
    ],
    ["with a name twice", twice(), /has the entry "archive\/data\.pkl" twice/],
    [
      "with a directory elsewhere",
      changed((v, _, e) => v.setUint32(e + 16, 0, true)),
      /its directory should take \d+ bytes from 0 on/,
    ],
    [
      "with a shorter directory",
      changed((v, _, e) => v.setUint32(e + 12, 46, true)),
      /its directory should take 46 bytes/,
    ],
    [
      "with more entries than it has",
      changed((v, _, e) => v.setUint16(e + 10, 60_000, true)),
      /is too short for 60000 entries/,
    ],
    [
      "with one entry more",
      changed((v, _, e) => v.setUint16(e + 10, 3, true)),
      /directory (is damaged|of 3 entries)|is too short for 3/,
    ],
    [
      "with fewer entries than it has",
      changed((v, _, e) => v.setUint16(e + 10, 1, true)),
      /its directory of 1 entries ends at byte/,
    ],
    [
      "with an entry elsewhere",
      changed((v, d) => v.setUint32(d + 42, 7, true)),
      /has no header where the directory says/,
    ],
    [
      "with an entry far away",
      changed((v, d) => v.setUint32(d + 42, 2 ** 31, true)),
      /has no header where the directory says/,
    ],
    [
      "with a larger entry",
      changed((v, d) => {
        v.setUint32(d + 20, 2 ** 31, true);
        v.setUint32(d + 24, 2 ** 31, true);
      }),
      /of 2147483648 bytes does not fit into the file/,
    ],
    [
      "with an entry that grows",
      changed((v, d) => v.setUint32(d + 24, 2 ** 31, true)),
      /has 2147483648 bytes, but takes \d+ in the file/,
    ],
    [
      "with 64-bit sizes that are not there",
      changed((v, d) => v.setUint32(d + 24, 0xffffffff, true)),
      /lacks its 64-bit sizes/,
    ],
    [
      "with another size in its header",
      changed((v) => v.setUint32(22, 1, true)),
      /has 1 bytes by its own header, not \d+/,
    ],
    [
      "with another name in its header",
      changed((v) => v.setUint8(30, 0x41)),
      /has another name in its own header/,
    ],
    [
      "with another method in its header",
      changed((v) => v.setUint16(8, 8, true)),
      /another method of compression in its own header/,
    ],
    ["with an encrypted entry", changed((v, d) => v.setUint16(d + 8, 1, true)), /is encrypted/],
    [
      "with a name that is not UTF-8",
      changed((v, d) => v.setUint8(d + 46, 0xff)),
      /an entry's name is not UTF-8/,
    ],
    ["with a long name", changed((v, d) => v.setUint16(d + 28, 0xffff, true)), /its directory is damaged/],
    [
      "with a changed byte",
      changed((v) => v.setUint8(65, 0)),
      /the checksum of "archive\/data\.pkl" does not match/,
    ],
    ["with two entries in one place", overlapping(), /the entries "archive\/a" and "archive\/b" overlap/],
  ])("%s", (_, file, message) => {
    expect(messageOf(file)).toMatch(message);
  });

  /** Two entries of one name: the second has been given the first one's. */
  function twice(): Uint8Array {
    const file = archive({ "archive/data.pkl": bytes("a"), "archive/dbta.pkl": bytes("b") });
    for (let at = 0; at < file.length; at++) {
      if (String.fromCharCode(...file.subarray(at, at + 4)) === "dbta") file[at + 1] = 0x61;
    }
    return file;
  }

  /** A large entry that contains a whole other one, with its header. */
  function overlapping(): Uint8Array {
    const inner = archive({ "archive/b": bytes("data") });
    const header = inner.subarray(0, inner.length - 22 - 46 - 9);
    const file = archive({ "archive/a": header, "archive/b": bytes("data") });
    // The directory's second entry: the header that lies within the first one's data.
    view(file).setUint32(directory(file) + 46 + 9 + 42, 64, true);
    return file;
  }

  it("of PyTorch with 64-bit records that lie", () => {
    const torch = golden("gru");
    const record = torch.length - 22 - 20 - 56;
    const lie = (at: number, value: bigint) => {
      const file = torch.slice();
      view(file).setBigUint64(at, value, true);
      return messageOf(file);
    };
    expect(lie(record + 48, 3n)).toMatch(/its directory should take/);
    expect(lie(record + 48, 2n ** 63n)).toMatch(/it names a size of 9223372036854775808 bytes/);
    expect(lie(record + 32, 2n ** 40n)).toMatch(/too short for 1099511627776 entries/);
    expect(lie(torch.length - 22 - 20 + 8, 5n)).toMatch(/its 64-bit end record is not where it says/);
  });

  it("with a comment, or with files of others beside it, is read", () => {
    const comment = bytes(good, "hello");
    view(comment).setUint16(good.length - 2, 5, true);
    expect(loadTorch(comment)).toEqual(loadTorch(good));
    const files = { ...unpack(good), "archive/code/more.txt": bytes("text"), "README.md": bytes("text") };
    expect(loadTorch(archive(files))).toEqual(loadTorch(good));
  });
});
