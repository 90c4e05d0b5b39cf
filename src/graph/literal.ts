import { fromNested, isNDArray, type NestedNumbers, type Numbers, toFloat32 } from "../arrays.ts";
import { checkFinite, checkNoMore, show } from "../checks.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { checkShape, type Shape, showShape, sizeOf } from "../shape.ts";
import { recording, type Tensor } from "./tensor.ts";

/**
 * A constant tensor in a traced function, as `torch.tensor(values)`, for lengths, masks or class weights. Its values are the same
 * in every run and are uploaded once.
 * @param given A number, numbers in an array, or arrays of arrays: `[[1, 2, 3], [4, 5, 6]]`.
 * @param shape The values' shape; that of the arrays if not given.
 * @throws {@link ShapeError} if the shape does not hold exactly these values, or one is no number; DataError for a NaN, an infinity, or a
 * number that float32 does not hold.
 */
export function tensor(
  given: number | ArrayLike<number> | NestedNumbers,
  shape?: Shape,
  ...more: never[]
): Tensor {
  checkNoMore("tensor", more, "tensors are float32 constants");
  const array =
    typeof given === "number" ? { data: [given], shape: [] } : fromNested("tensor", "values", given);
  const values = isNDArray(array) ? (array.data as Numbers) : (array as Numbers);
  if (typeof values !== "object" || !Number.isInteger(values?.length)) {
    throw new OptionError(`tensor: values must be numbers in an array, got ${show(given)}`);
  }
  const sizes = checkShape("tensor", shape ?? (isNDArray(array) ? array.shape : [values.length]));
  if (sizeOf(sizes) !== values.length) {
    throw new ShapeError(
      `tensor: shape ${showShape(sizes)} holds ${sizeOf(sizes)} values, got ${values.length}; give one value an element`,
    );
  }
  const data = toFloat32("tensor", "values", values);
  checkFinite("tensor", "values", data);
  return recording.current("tensor").literal(data === values ? data.slice() : data, sizes);
}
