/** Einsum where it is a product of two operands, or a sum and a new order of one. */
import type { Tensor } from "../../../graph/tensor.ts";
import { sizeOf } from "../../../shape.ts";
import type { Call, Operator } from "../call.ts";

/** An operand with a letter for each axis. */
interface Lettered {
  readonly tensor: Tensor;
  readonly letters: readonly string[];
}

/** Sums over the axes that nobody else needs. */
function summed({ tensor, letters }: Lettered, needed: ReadonlySet<string>): Lettered {
  const axes = letters.map((_, axis) => axis).filter((axis) => !needed.has(letters[axis]!));
  if (axes.length === 0) return { tensor, letters };
  return { tensor: tensor.sum(axes), letters: letters.filter((letter) => needed.has(letter)) };
}

/** The axes in the order of these letters. */
function ordered({ tensor, letters }: Lettered, order: readonly string[]): Tensor {
  return tensor.permute(order.map((letter) => letters.indexOf(letter)));
}

/** Batches of matrix products: the letters in both are batches if the result has them, else the depth. */
function product(a: Lettered, b: Lettered, output: readonly string[]): Lettered {
  const inB = new Set(b.letters);
  const inA = new Set(a.letters);
  const batch = a.letters.filter((letter) => inB.has(letter) && output.includes(letter));
  const depth = a.letters.filter((letter) => inB.has(letter) && !output.includes(letter));
  const rows = a.letters.filter((letter) => !inB.has(letter));
  const columns = b.letters.filter((letter) => !inA.has(letter));
  const size = (letters: readonly string[]) =>
    letters.map((letter) => {
      const [from, at] = inA.has(letter)
        ? [a.tensor, a.letters.indexOf(letter)]
        : [b.tensor, b.letters.indexOf(letter)];
      return from.shape[at]!;
    });
  const [batches, M, K, N] = [batch, rows, depth, columns].map((letters) => sizeOf(size(letters))) as [
    number,
    number,
    number,
    number,
  ];
  const left = ordered(a, [...batch, ...rows, ...depth]).reshape([batches, M, K]);
  const right = ordered(b, [...batch, ...depth, ...columns]).reshape([batches, K, N]);
  const letters = [...batch, ...rows, ...columns];
  return { tensor: left.matmul(right).reshape(size(letters)), letters };
}

const einsum: Operator = (call) => {
  const equation = call.text("equation", "").replaceAll(" ", "");
  const operands = call.inputs.map((_, i) => call.tensor(i));
  const [left, right] = equation.split("->") as [string, string | undefined];
  const terms = left.split(",").map((term, i) => lettersOf(call, term, operands[i]?.shape.length ?? 0));
  if (terms.length !== operands.length)
    throw call.refuse(
      `the equation ${equation} has ${terms.length} operands, and the node ${operands.length}`,
    );
  const all = terms.flat();
  // Without an arrow: the axes of "..." first, then the letters that occur once.
  const once = all.filter(
    (letter) => all.indexOf(letter) === all.lastIndexOf(letter) && !letter.startsWith("."),
  );
  const dots = [...new Set(all.filter((letter) => letter.startsWith(".")))].sort();
  const output =
    right === undefined
      ? [...dots, ...once.sort()]
      : lettersOf(call, right, right.replace("...", "").length + dots.length);
  const lettered = terms.map((letters, i): Lettered => {
    if (new Set(letters).size < letters.length)
      throw call.refuse(`${equation} takes a diagonal, which is not computed here`);
    return { tensor: operands[i]!, letters };
  });
  const [first, second] = lettered;
  if (!first || lettered.length > 2)
    throw call.refuse(`${equation} has ${lettered.length} operands, and one or two are computed here`);
  const wanted = new Set(output);
  const result = second
    ? product(
        summed(first, new Set([...output, ...second.letters])),
        summed(second, new Set([...output, ...first.letters])),
        output,
      )
    : summed(first, wanted);
  return [call.device(call.value(0).dtype, ordered(result, output))];
};

/** A letter for each axis; those that `...` stands for are `.0`, `.1`, … from the last. */
function lettersOf(call: Call, term: string, rank: number): string[] {
  const [before = "", after] = term.split("...") as [string, string | undefined];
  if (after === undefined) {
    if (before.length !== rank)
      throw call.refuse(`the term ${term} of its equation does not fit a tensor of ${rank} axes`);
    return [...before];
  }
  const count = rank - before.length - after.length;
  const dots = Array.from({ length: Math.max(0, count) }, (_, i) => `.${count - 1 - i}`);
  return [...before, ...dots, ...after];
}

export const einsums: Readonly<Record<string, Operator>> = { Einsum: einsum };
