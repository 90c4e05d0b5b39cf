/**
 * Reads Python's pickles as data. A pickle is a program for a small stack machine; this one knows only the opcodes that make plain values,
 * and asks its host for everything that has a name. Nothing of a file is ever executed.
 *
 * @see https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */
import { quote, show } from "../checks.ts";
import type { Budget } from "./budget.ts";
import { read as op, refused } from "./pickle-opcodes.ts";
import type { Refuse } from "./refuse.ts";

/** A class or function of Python by its name: `torch._utils._rebuild_tensor_v2`. */
export class Global {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** What stands behind the names in a pickle. */
export interface PickleHost {
  /** Throws for a name that is not allowed. */
  checkGlobal(name: string): void;
  /** What the function `name` gives. */
  call(name: string, args: readonly unknown[]): unknown;
  /** What is kept outside of the pickle under `id`. */
  persistent(id: unknown): unknown;
}

/** A Python dict. It has no prototype, so that no key, `__proto__` included, means more than itself. */
export type Dict = { [key: string]: unknown };

export function newDict(): Dict {
  return Object.create(null) as Dict;
}

export function isDict(value: unknown): value is Dict {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;
}

/** Bytes of values, as measured in V8. A list and a dict's whole-number keys have room for more from their first item on. */
const cost = {
  slot: 8,
  dict: 190,
  entry: 64,
  list: 40,
  tuple: 48,
  object: 40,
  number: 16,
  text: 32,
  room: 150,
};

/** V8 keeps all slots below a whole-number key, unless it is this far from the last one. */
const MAX_GAP = 1024;

/** Runs a pickle, and returns what it leaves: dicts as {@link Dict}, lists as arrays, tuples as frozen arrays. */
export function readPickle(bytes: Uint8Array, host: PickleHost, budget: Budget, refuse: Refuse): unknown {
  return new Machine(bytes, host, budget, refuse).run();
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #host: PickleHost;
  readonly #budget: Budget;
  readonly #refuse: Refuse;
  readonly #stack: unknown[] = [];
  /** Heights of the stack at the open marks. */
  readonly #marks: number[] = [];
  readonly #memo: unknown[] = [];
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #at = 0;

  constructor(bytes: Uint8Array, host: PickleHost, budget: Budget, refuse: Refuse) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#host = host;
    this.#budget = budget;
    this.#refuse = refuse;
  }

  run(): unknown {
    if (this.#byte() !== op.PROTO) throw this.#wrong("must begin with its protocol, 2 to 5");
    const protocol = this.#byte();
    if (protocol < 2 || protocol > 5) {
      throw this.#wrong(
        `is of protocol ${protocol}, and 2 to 5 are read; save it again with torch.save's default`,
      );
    }
    for (;;) {
      const code = this.#byte();
      if (code === op.STOP) break;
      this.#step(code);
    }
    const result = this.#pop();
    if (this.#stack.length > 0 || this.#marks.length > 0) throw this.#wrong("leaves more than one object");
    if (this.#at !== this.#bytes.length)
      throw this.#wrong(`goes on for ${this.#bytes.length - this.#at} bytes after its end`);
    return result;
  }

  /** What each opcode does, besides PROTO and STOP. */
  readonly #steps: Readonly<Record<number, () => void>> = {
    // The length of what follows, for readers of streams.
    [op.FRAME]: () => this.#take(8),
    [op.MARK]: () => this.#mark(),
    [op.NONE]: () => this.#push(null),
    [op.NEWTRUE]: () => this.#push(true),
    [op.NEWFALSE]: () => this.#push(false),
    [op.BININT]: () => this.#push(this.#view.getInt32(this.#take(4), true)),
    [op.BININT1]: () => this.#push(this.#byte()),
    [op.BININT2]: () => this.#push(this.#view.getUint16(this.#take(2), true)),
    [op.LONG1]: () => this.#push(this.#long(this.#byte()), 2 * cost.number),
    [op.BINFLOAT]: () => this.#push(this.#view.getFloat64(this.#take(8), false), cost.number),
    [op.BINUNICODE]: () => this.#push(this.#text(this.#word()), cost.text),
    [op.SHORT_BINUNICODE]: () => this.#push(this.#text(this.#byte()), cost.text),
    [op.EMPTY_LIST]: () => this.#push([], cost.list),
    [op.APPEND]: () => this.#append([this.#pop()]),
    [op.APPENDS]: () => this.#append(this.#popMark()),
    [op.EMPTY_TUPLE]: () => this.#pushTuple([]),
    [op.TUPLE]: () => this.#pushTuple(this.#popMark()),
    [op.TUPLE1]: () => this.#pushTuple(this.#popSome(1)),
    [op.TUPLE2]: () => this.#pushTuple(this.#popSome(2)),
    [op.TUPLE3]: () => this.#pushTuple(this.#popSome(3)),
    [op.EMPTY_DICT]: () => this.#push(newDict(), cost.dict),
    [op.SETITEM]: () => this.#setItems(this.#popSome(2)),
    [op.SETITEMS]: () => this.#setItems(this.#popMark()),
    [op.BINPUT]: () => this.#put(this.#byte()),
    [op.LONG_BINPUT]: () => this.#put(this.#word()),
    [op.MEMOIZE]: () => this.#put(this.#memo.length),
    [op.BINGET]: () => this.#get(this.#byte()),
    [op.LONG_BINGET]: () => this.#get(this.#word()),
    [op.GLOBAL]: () => this.#global([this.#line(), this.#line()]),
    [op.STACK_GLOBAL]: () => this.#global(this.#popSome(2)),
    [op.REDUCE]: () => this.#reduce(),
    [op.BUILD]: () => this.#build(),
    [op.BINPERSID]: () => this.#push(this.#host.persistent(this.#pop())),
  };

  #step(code: number): void {
    const step = this.#steps[code];
    if (step) step();
    else {
      throw this.#wrong(
        `has the opcode ${refused[code] ?? `0x${code.toString(16)}, which there is not`} at byte ${this.#at - 1}; only tensors, dicts, ` +
          "lists, tuples, numbers and text are read, so save those: torch.save(model.state_dict(), …)",
      );
    }
  }

  #wrong(what: string, cause?: unknown) {
    return this.#refuse(`its pickle ${what}`, cause);
  }

  /** Moves on by `count` bytes and returns where they begin. */
  #take(count: number): number {
    const begin = this.#at;
    if (begin + count > this.#bytes.length)
      throw this.#wrong(`ends after ${this.#bytes.length} bytes, in the middle; the file may be cut off`);
    this.#at = begin + count;
    return begin;
  }

  #byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  #word(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  #text(length: number): string {
    const begin = this.#take(length);
    this.#budget.spend(2 * length, "a text of the pickle");
    try {
      return this.#decoder.decode(this.#bytes.subarray(begin, begin + length));
    } catch (cause) {
      throw this.#wrong(`has a text at byte ${begin} that is not UTF-8`, cause);
    }
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    const length = (end < 0 ? this.#bytes.length : end) - this.#at;
    if (end < 0 || length > 1000) throw this.#wrong(`has a name at byte ${this.#at} that does not end`);
    const text = this.#text(length);
    this.#take(1);
    return text;
  }

  /** A two's complement of `length` little-endian bytes: a number where that is exact. */
  #long(length: number): number | bigint {
    const begin = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[begin + i]!);
    value = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  #mark(): void {
    this.#budget.spend(cost.slot, "the pickle");
    this.#marks.push(this.#stack.length);
  }

  #push(value: unknown, bytes = 0): void {
    this.#budget.spend(cost.slot + bytes, "the pickle");
    this.#stack.push(value);
  }

  #pushTuple(items: unknown[]): void {
    this.#push(Object.freeze(items), cost.tuple + cost.slot * items.length);
  }

  #popSome(count: number): unknown[] {
    const begin = this.#stack.length - count;
    if (begin < (this.#marks.at(-1) ?? 0)) throw this.#wrong("takes more objects than it has made");
    return this.#stack.splice(begin);
  }

  #pop(): unknown {
    return this.#popSome(1)[0];
  }

  #popMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#wrong("closes a mark that it has not set");
    return this.#stack.splice(mark);
  }

  /** The object on top, which stays. */
  #top(): unknown {
    const [value] = this.#popSome(1);
    this.#stack.push(value);
    return value;
  }

  #append(items: readonly unknown[]): void {
    const list = this.#top();
    if (!Array.isArray(list) || Object.isFrozen(list)) throw this.#wrong("appends to what is no list");
    const room = list.length === 0 ? cost.room : 0;
    this.#budget.spend(room + 1.5 * cost.slot * items.length, "a list of the pickle");
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly unknown[]): void {
    const dict = this.#top();
    if (!isDict(dict) || items.length % 2 !== 0) throw this.#wrong("sets items of what is no dict");
    let last = -1;
    for (let i = 0; i < items.length; i += 2) {
      const given = items[i];
      if (typeof given !== "string" && !Number.isSafeInteger(given)) {
        throw this.#wrong(`has a dict with the key ${show(given)}; keys must be text or integers`);
      }
      const key = String(given);
      const index = Number(key);
      let bytes = cost.entry;
      if (index >= 0) {
        if (last < 0) bytes += cost.room;
        bytes += 1.5 * cost.slot * Math.min(Math.max(index - last - 1, 0), MAX_GAP);
        last = index;
      }
      this.#budget.spend(bytes, "a dict of the pickle");
      if (Object.hasOwn(dict, key))
        throw this.#wrong(
          `has a dict with the key ${quote(key, 80)} twice, so that it is not clear which counts`,
        );
      dict[key] = items[i + 1];
    }
  }

  /** Pickles number their memo from 0 on without a gap. */
  #put(index: number): void {
    if (index > this.#memo.length)
      throw this.#wrong(`notes an object under ${index}, beyond its ${this.#memo.length}`);
    this.#budget.spend(cost.slot, "the pickle");
    this.#memo[index] = this.#top();
  }

  #get(index: number): void {
    if (index >= this.#memo.length) throw this.#wrong(`wants object ${index} of ${this.#memo.length}`);
    this.#push(this.#memo[index]);
  }

  #global([module, name]: readonly unknown[]): void {
    if (typeof module !== "string" || typeof name !== "string")
      throw this.#wrong("names a class by what is no text");
    const full = `${module}.${name}`;
    this.#host.checkGlobal(full);
    this.#push(new Global(full), cost.object + 2 * full.length);
  }

  #reduce(): void {
    const [callee, args] = this.#popSome(2);
    if (!(callee instanceof Global) || !Array.isArray(args)) throw this.#wrong("calls what is no function");
    this.#push(this.#host.call(callee.name, args));
  }

  /** Attributes of an OrderedDict, such as a state dict's `_metadata` of versions: dropped, as no value depends on them. */
  #build(): void {
    const state = this.#pop();
    if (!isDict(this.#top()) || !isDict(state))
      throw this.#wrong("sets attributes of what is no OrderedDict");
  }
}
