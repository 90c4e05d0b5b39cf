/** Protobuf messages as objects, by a {@link Schema}: read within a budget of memory, and written. */
import type { Budget } from "../budget.ts";
import type { Refuse } from "../refuse.ts";
import type { Field, ModelProto, Schema } from "./schema.ts";
import { model } from "./schema.ts";
import { BinaryReader, BinaryWriter } from "./wire.ts";

/** Most messages within messages. An `If` in an `If` takes three. */
const MAX_DEPTH = 100;

/** Bytes in V8 of a message with its reader, of one more value, and of a text. */
const cost = { message: 400, value: 16, text: 40 };

/** Wire types. */
const VARINT = 0;
const BIT64 = 1;
const DELIMITED = 2;
const BIT32 = 5;

type Message = Record<string, unknown>;

/** Reads a whole model. Bytes stay views into the file. */
export function readModel(bytes: Uint8Array, budget: Budget, refuse: Refuse): ModelProto {
  try {
    return readMessage(bytes, model, 0, budget, refuse) as ModelProto;
  } catch (error) {
    // The reader of protobuf throws plain errors.
    const name = (error as Error).name;
    if (name !== "Error" && name !== "RangeError" && name !== "TypeError") throw error;
    throw refuse(`its protobuf is damaged (${(error as Error).message}); the file may be cut off`, error);
  }
}

function readMessage(
  bytes: Uint8Array,
  schema: Schema,
  depth: number,
  budget: Budget,
  refuse: Refuse,
): Message {
  budget.spend(cost.message, "the graph");
  if (depth > MAX_DEPTH) throw refuse(`it is nested more than ${MAX_DEPTH} levels deep`);
  const fields = schema();
  // All names come from the schema.
  const message: Message = {};
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const field = fields[number];
    if (!field) {
      reader.skip(wire, number);
      continue;
    }
    budget.spend(cost.value, "the graph");
    readField(message, field, wire, reader, { depth, budget, refuse });
  }
  return message;
}

interface Reading {
  readonly depth: number;
  readonly budget: Budget;
  readonly refuse: Refuse;
}

function readField(
  message: Message,
  field: Field,
  wire: number,
  reader: BinaryReader,
  reading: Reading,
): void {
  const { depth, budget, refuse } = reading;
  const [name, kind] = field;
  const expect = (...types: number[]) => {
    if (!types.includes(wire))
      throw refuse(`its field ${name} has the wire type ${wire}; the file is damaged`);
  };
  const list = <Item>(): Item[] => {
    message[name] ??= [];
    return message[name] as Item[];
  };
  switch (kind) {
    case "int":
      expect(VARINT);
      message[name] = Number(reader.int64());
      break;
    case "float":
      expect(BIT32);
      message[name] = reader.float();
      break;
    case "ints":
      expect(VARINT, DELIMITED);
      readNumbers(list(), wire, reader, budget, (from) => Number(from.int64()));
      break;
    case "floats":
      expect(BIT32, DELIMITED);
      readNumbers(list(), wire, reader, budget, (from) => from.float());
      break;
    case "packed": {
      expect(BIT32, BIT64, DELIMITED);
      const width = wire === BIT64 ? 8 : 4;
      if (wire !== DELIMITED) budget.spend(100, "the graph");
      list<Uint8Array>().push(wire === DELIMITED ? reader.bytes() : reader.skip(wire).subarray(-width));
      break;
    }
    case "bytes":
      expect(DELIMITED);
      message[name] = reader.bytes();
      break;
    case "text":
    case "texts": {
      expect(DELIMITED);
      const text = reader.string(true);
      budget.spend(cost.text + 2 * text.length, "the graph");
      if (kind === "text") message[name] = text;
      else list<string>().push(text);
      break;
    }
    default: {
      expect(DELIMITED);
      const inner = readMessage(reader.bytes(), field[2]!, depth + 1, budget, refuse);
      if (kind === "messages") list<Message>().push(inner);
      // Protobuf merges a field that comes twice; no writer of ONNX needs that.
      else if (message[name]) throw refuse(`its field ${name} comes twice; the file is damaged`);
      else message[name] = inner;
    }
  }
}

function readNumbers(
  numbers: number[],
  wire: number,
  reader: BinaryReader,
  budget: Budget,
  read: (from: BinaryReader) => number,
): void {
  if (wire !== DELIMITED) {
    numbers.push(read(reader));
    return;
  }
  const inner = new BinaryReader(reader.bytes());
  while (inner.pos < inner.len) {
    budget.spend(cost.value, "a list of numbers");
    numbers.push(read(inner));
  }
}

/** The bytes of a whole model. */
export function writeModel(message: ModelProto): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(message as Message, model, writer);
  return writer.finish();
}

function writeMessage(message: Message, schema: Schema, writer: BinaryWriter): void {
  for (const [key, field] of Object.entries(schema())) {
    const [name, kind] = field;
    const value = message[name];
    if (value === undefined) continue;
    const number = Number(key);
    const items = Array.isArray(value) ? (value as unknown[]) : [value];
    if (kind === "ints" || kind === "floats") {
      writer.tag(number, DELIMITED).fork();
      for (const item of items as number[]) {
        if (kind === "ints") writer.int64(BigInt(item));
        else writer.float(item);
      }
      writer.join();
      continue;
    }
    for (const item of items) {
      if (kind === "int") writer.tag(number, VARINT).int64(BigInt(item as number));
      else if (kind === "float") writer.tag(number, BIT32).float(item as number);
      else if (kind === "text" || kind === "texts") writer.tag(number, DELIMITED).string(item as string);
      else if (kind === "bytes" || kind === "packed") writer.tag(number, DELIMITED).bytes(item as Uint8Array);
      else {
        writer.tag(number, DELIMITED).fork();
        writeMessage(item as Message, field[2]!, writer);
        writer.join();
      }
    }
  }
}
