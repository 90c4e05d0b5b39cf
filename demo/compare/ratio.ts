import { count } from "../shell/format.ts";

/** 0.38, 1.3, 34.0, 1,234 */
export function ratio(value: number): string {
  return value >= 100 ? count(Math.round(value)) : value.toPrecision(value >= 10 ? 3 : 2);
}
