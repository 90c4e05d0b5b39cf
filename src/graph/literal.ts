import { checkFinite, show } from "../checks.ts";
import { OptionError, ShapeError } from "../errors.ts";
import { checkShape, type Shape, showShape, sizeOf } from "../shape.ts";
import { recording, type Tensor } from "./tensor.ts";

/**
 * A constant tensor in a traced function, as `torch.tensor(values)`, for lengths, masks or class weights. Its values are the same
 * in every run and are uploaded once.
 * @param shape The values' shape; one dimension if not given.
 * @throws {@link ShapeError} if the shape does not hold exactly these values; DataError for a NaN or an infinity.
 */
export function tensor(values: ArrayLike<number>, shape: Shape = [values?.length]): Tensor {
  if (typeof values !== "object" || !Number.isInteger(values?.length)) {
    throw new OptionError(`tensor: values must be numbers in an array, got ${show(values)}`);
  }
  const sizes = checkShape("tensor", shape);
  if (sizeOf(sizes) !== values.length) {
    throw new ShapeError(
      `tensor: shape ${showShape(sizes)} holds ${sizeOf(sizes)} values, got ${values.length}; give one value an element`,
    );
  }
  checkFinite("tensor", "values", values);
  return recording.current("tensor").literal(Float32Array.from(values), sizes);
}
