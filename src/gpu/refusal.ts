import type { MemoryReport } from "./buffer.ts";
import type { Refusal } from "./scopes.ts";

/** The sentence for something that a GPU refused. A file that loads on demand: it imports types alone. */
export function sentenceOf(
  what: string,
  { message, memory }: Refusal,
  { total, byRole }: MemoryReport,
): string {
  if (!memory) return `the GPU refused ${what}: ${message}`;
  const roles = Object.entries(byRole).flatMap(([role, bytes]) => (bytes > 0 ? `${role} ${bytes}` : []));
  const inUse = roles.length > 0 ? ` (${roles.join(", ")})` : "";
  return (
    `the GPU has no memory for ${what}; in use: ${total} bytes${inUse}; use a smaller batch, a shorter sequence or fewer hidden ` +
    `units, or dispose() of what is not needed; the driver says: ${message}`
  );
}
