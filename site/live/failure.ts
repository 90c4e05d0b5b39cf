/** What a reader is told of a program that has thrown. */
import { showValue } from "./show-value.ts";

/**
 * The error, and the line of the program that it comes from, if that is known.
 * @param thrown Anything: JavaScript can throw a string or `null`.
 * @param address The program's, as stacks name it.
 * @param broken The first line that cannot be parsed, or 0.
 */
export function failure(thrown: unknown, address: string, broken: number): string {
  if (!(thrown instanceof Error)) return `Thrown, and not an Error: ${showValue(thrown)}`;
  const { name, message, stack = "" } = thrown;
  const place = stack.indexOf(`${address}:`);
  const found = place < 0 ? 0 : Number.parseInt(stack.slice(place + address.length + 1), 10);
  const line = found || (name === "SyntaxError" ? broken : 0);
  return `${name}: ${message}${line > 0 ? `\n(line ${line})` : ""}`;
}
