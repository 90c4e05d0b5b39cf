import { checkNoMore } from "../checks.ts";
import { select } from "./binary-methods.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Elements of `input` where `condition` is not 0, else of `other`, as `torch.where(condition, input, other)`
 * (https://docs.pytorch.org/docs/stable/generated/torch.where.html). All three are broadcast; `input` and `other` may be numbers.
 */
export function where(
  condition: Tensor,
  input: Tensor | number,
  other: Tensor | number,
  ...more: never[]
): Tensor {
  checkNoMore("where", more);
  return select<Tensor>("where", condition, input, other);
}
