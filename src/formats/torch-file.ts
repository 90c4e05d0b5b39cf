/**
 * The files of `torch.save`: a zip archive with a pickle of the saved object, and an entry for each storage.
 *
 * @see https://pytorch.org/docs/stable/notes/serialization.html
 */
import { quote, show } from "../checks.ts";
import { dtypes } from "../io/dtypes.ts";
import { Budget } from "./budget.ts";
import { Global, isDict, newDict, type PickleHost, readPickle } from "./pickle.ts";
import { checkPlain } from "./plain.ts";
import { type Refuse, refuser } from "./refuse.ts";
import {
  checkView,
  Storage,
  storageTypes,
  UNTYPED,
  UntypedStorage,
  untypedTypes,
  type View,
} from "./torch-storage.ts";
import { isZip, readZip, storedBytes, type ZipEntry } from "./zip.ts";

const ORDERED_DICT = "collections.OrderedDict";
const SIZE = "torch.Size";
const TENSOR = "torch._utils._rebuild_tensor_v2";
/** With a type after the hooks, of a storage that has none. */
const UNTYPED_TENSOR = "torch._utils._rebuild_tensor_v3";
const PARAMETER = "torch._utils._rebuild_parameter";
const allowed = new Set([
  ...[ORDERED_DICT, SIZE, TENSOR, UNTYPED_TENSOR, PARAMETER, UNTYPED],
  ...storageTypes.keys(),
  ...untypedTypes.keys(),
]);

/** Bytes of these in V8, with their places in the lists of what there is, and without their data. */
const EMPTY_DICT = 190;
const TENSOR_BYTES = 350;
const STORAGE_BYTES = 150;

/** What makes a value of a file's tensor; called once for each distinct view. */
export type MakeTensor<Tensor extends object> = (view: View, budget: Budget, refuse: Refuse) => Tensor;

/** Whether the bytes begin as `torch.save` wrote before PyTorch 1.6: a pickle of a magic number. */
export function isLegacyTorch(bytes: Uint8Array): boolean {
  const magic = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  return bytes[0] === 0x80 && magic.every((byte, i) => bytes[2 + i] === byte);
}

/** A file that is read. */
export interface TorchFile {
  readonly value: unknown;
  /** Whether an object of the value is a tensor. */
  readonly isTensor: (value: object) => boolean;
  /** What is left for whoever goes on. */
  readonly budget: Budget;
}

/** Reads the saved object, with what `make` gives in place of the tensors. */
export function readTorch<Tensor extends object>(
  where: string,
  bytes: Uint8Array,
  make: MakeTensor<Tensor>,
): TorchFile {
  const refuse = refuser(where, "not a file of torch.save that can be read");
  if (!isZip(bytes)) {
    if (isLegacyTorch(bytes)) {
      throw refuse(
        "it has the format of PyTorch before 1.6; load it in Python and save it again with " +
          "torch.save(…, _use_new_zipfile_serialization=True)",
      );
    }
    throw refuse(
      "it must be a zip archive, which begins with PK; inspect(bytes) says what the file is, and may know what opens it",
    );
  }
  const files = readZip(bytes, refuse);
  const root = [...files.keys()]
    .find((name) => /^[^/]*\/data\.pkl$/.test(name))
    ?.slice(0, -"data.pkl".length);
  if (root === undefined) throw refuse("it is a zip archive without the data.pkl that torch.save writes");
  if (files.has(`${root}constants.pkl`)) {
    throw refuse(
      "it is a TorchScript program; load it in Python with torch.jit.load and save its weights: torch.save(model.state_dict(), …)",
    );
  }
  const pickle = storedBytes(files.get(`${root}data.pkl`)!, refuse);
  const budget = new Budget(bytes.length, refuse);
  const host = new Host(root, files, make, budget, refuse);
  const value = readPickle(pickle, host, budget, refuse);
  const isTensor = (value: object) => host.tensors.has(value);
  checkPlain(value, isTensor, bytes.length, budget, refuse);
  return { value, isTensor, budget };
}

class Host<Tensor extends object> implements PickleHost {
  /** All tensors made. */
  readonly tensors = new WeakSet<object>();
  readonly #root: string;
  readonly #files: ReadonlyMap<string, ZipEntry>;
  readonly #make: MakeTensor<Tensor>;
  readonly #budget: Budget;
  readonly #refuse: Refuse;
  readonly #littleEndian: boolean;
  readonly #storages = new Map<string, Storage | UntypedStorage>();
  /** Tensors by what they are views of: tied weights stay one array. */
  readonly #made = new Map<string, Tensor>();

  constructor(
    root: string,
    files: ReadonlyMap<string, ZipEntry>,
    make: MakeTensor<Tensor>,
    budget: Budget,
    refuse: Refuse,
  ) {
    this.#root = root;
    this.#files = files;
    this.#make = make;
    this.#budget = budget;
    this.#refuse = refuse;
    const order = files.get(`${root}byteorder`);
    const text = order ? new TextDecoder().decode(storedBytes(order, refuse).subarray(0, 20)) : "little";
    if (text !== "little" && text !== "big")
      throw refuse(`its byteorder must be "little" or "big", got ${show(text)}`);
    this.#littleEndian = text === "little";
  }

  checkGlobal(name: string): void {
    if (allowed.has(name)) return;
    const advice = name.startsWith("torch.")
      ? "convert tensors of other types to float32, and dtypes, devices and the like to text, before they are saved"
      : "save the weights, not the model or other objects: torch.save(model.state_dict(), …), and numbers as float(x)";
    throw this.#refuse(`it wants ${quote(name, 80)}, and nothing of Python is executed here; ${advice}`);
  }

  call(name: string, args: readonly unknown[]): unknown {
    switch (name) {
      case ORDERED_DICT:
        if (args.length > 0) break;
        this.#budget.spend(EMPTY_DICT, "the pickle");
        return newDict();
      case SIZE:
        if (args.length !== 1 || !Array.isArray(args[0])) break;
        return args[0];
      case PARAMETER:
        if (!this.tensors.has(Object(args[0]))) break;
        return args[0];
      case TENSOR: {
        const [storage, offset, shape, strides, , , metadata] = args;
        return this.#tensor(storage, offset, shape, strides, metadata);
      }
      case UNTYPED_TENSOR: {
        const [storage, offset, shape, strides, , , type, metadata] = args;
        const dtype = type instanceof Global ? untypedTypes.get(type.name) : undefined;
        if (!dtype || !(storage instanceof UntypedStorage)) break;
        const { key, bytes, littleEndian } = storage;
        return this.#tensor(new Storage(key, dtype, bytes, littleEndian), offset, shape, strides, metadata);
      }
    }
    throw this.#refuse(`it calls ${name} with arguments that PyTorch does not write; the file is damaged`);
  }

  #tensor(storage: unknown, offset: unknown, shape: unknown, strides: unknown, metadata: unknown): Tensor {
    if (isDict(metadata) && Object.keys(metadata).length > 0)
      throw this.#refuse(
        "it has a lazily conjugated or negated tensor; save it with .resolve_conj().resolve_neg()",
      );
    const view = checkView(storage, offset, shape, strides, this.#refuse);
    const { key: own, dtype } = view.storage;
    const key = JSON.stringify([own, dtype, view.offset, view.shape, view.strides]);
    const known = this.#made.get(key);
    if (known) return known;
    this.#budget.spend(TENSOR_BYTES + 2 * key.length, "its list of tensors");
    const tensor = this.#make(view, this.#budget, this.#refuse);
    this.#made.set(key, tensor);
    this.tensors.add(tensor);
    return tensor;
  }

  /** `("storage", class, key, device, elements)`; of an untyped one the elements are its bytes. */
  persistent(id: unknown): Storage | UntypedStorage {
    const [kind, type, key, , elements] = Array.isArray(id) ? (id as readonly unknown[]) : [];
    const name = type instanceof Global ? type.name : "";
    const dtype = name === UNTYPED ? null : storageTypes.get(name);
    if (kind !== "storage" || dtype === undefined || typeof key !== "string") {
      throw this.#refuse(`it wants ${show(id)}, which is no storage; the file is damaged`);
    }
    const label = `its storage ${quote(key, 40)}`;
    const known = this.#storages.get(key);
    if (known) {
      const own = known instanceof Storage ? known.dtype : null;
      if (own === dtype) return known;
      throw this.#refuse(
        `${label} is ${own ?? "untyped"} and ${dtype ?? "untyped"} at once; the file is damaged`,
      );
    }
    const entry = this.#files.get(`${this.#root}data/${key}`);
    if (!entry) throw this.#refuse(`it lacks the storage ${quote(key, 40)}; the file is damaged`);
    const bytes = storedBytes(entry, this.#refuse);
    const size = dtype === null ? 1 : dtypes[dtype].size;
    if (typeof elements !== "number" || bytes.length !== size * elements) {
      throw this.#refuse(
        `${label} of ${show(elements)} ${dtype ?? "bytes"} should take ${size} bytes each, but has ${bytes.length}`,
      );
    }
    this.#budget.spend(STORAGE_BYTES, "its list of storages");
    const storage =
      dtype === null
        ? new UntypedStorage(key, bytes, this.#littleEndian)
        : new Storage(key, dtype, bytes, this.#littleEndian);
    this.#storages.set(key, storage);
    return storage;
  }
}
