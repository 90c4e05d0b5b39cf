import { OptionError } from "../errors.ts";
import type { AdapterFacts } from "./adapter-facts.ts";
import { type AdapterInfo, GpuContext } from "./context.ts";
import { checkFacts, measureFacts } from "./facts.ts";
import { forgetFacts, storedFacts, storeFacts } from "./facts-store.ts";
import { limitsOf } from "./limits.ts";
import { type NativeDevice, subgroupSizeOf } from "./request.ts";

/** An adapter's facts as this page knows them; `versions` grows as versions are timed. */
export type KnownFacts = AdapterFacts & { readonly versions: Record<string, string> };

/** Facts by adapter; all devices of an adapter share its `versions`. */
const known = new Map<string, KnownFacts>();

/** What the facts of a device have to be while they are being measured. */
const UNMEASURED: AdapterFacts = {
  gflops: 1,
  barrierMicros: 1,
  dispatchMicros: 1,
  gloads: 1,
  workgroups: 1,
  subgroupSize: 0,
  software: false,
};

/** What tells adapters apart: what they say of themselves, which may be nothing, and what this device has of them. */
function keyOf(gpu: NativeDevice, info: AdapterInfo): string {
  return JSON.stringify([info, [...gpu.features].sort(), limitsOf(gpu), subgroupSizeOf(gpu)]);
}

/** The facts of a device's adapter: known to this page, stored by an earlier visit, or measured now. */
export async function factsOf(gpu: NativeDevice, info: AdapterInfo): Promise<KnownFacts> {
  const key = keyOf(gpu, info);
  let facts = known.get(key) ?? asFacts(await storedFacts(key));
  if (!facts) {
    const probe = new GpuContext(gpu, info, UNMEASURED, false);
    try {
      facts = { ...(await measureFacts(probe)), versions: {} };
      // Times measured on a lost device mean nothing.
      probe.check("Device");
    } finally {
      probe.dispose();
    }
    await storeFacts(key, facts);
  }
  known.set(key, facts);
  return { ...facts, subgroupSize: subgroupSizeOf(gpu) };
}

/**
 * Given facts as a device can use them: without subgroups where it has none of one size.
 * @throws OptionError for subgroups of another size: kernels for them would give wrong numbers.
 */
export function restrictFacts(where: string, facts: AdapterFacts, gpu: NativeDevice): AdapterFacts {
  const lanes = subgroupSizeOf(gpu);
  if (lanes > 0 && facts.subgroupSize > 0 && facts.subgroupSize !== lanes) {
    throw new OptionError(
      `${where}: the facts are of another adapter, with subgroups of ${facts.subgroupSize}; this one has ${lanes}`,
    );
  }
  return { ...facts, subgroupSize: Math.min(facts.subgroupSize, lanes) };
}

/** Adds versions that were timed to an adapter's facts, here and in the browser's storage. */
export async function addVersions(
  gpu: NativeDevice,
  info: AdapterInfo,
  facts: KnownFacts,
  versions: Readonly<Record<string, string>>,
): Promise<void> {
  Object.assign(facts.versions, versions);
  await storeFacts(keyOf(gpu, info), facts);
}

/** Forgets the facts of all adapters, here and in the browser's storage. */
export async function forgetAllFacts(): Promise<void> {
  known.clear();
  await forgetFacts();
}

/** What was stored, if these are facts: an earlier release may have kept others. */
function asFacts(stored: unknown): KnownFacts | undefined {
  try {
    const { versions = {}, ...facts } = checkFacts("Device", stored as AdapterFacts);
    return { ...facts, versions };
  } catch {
    return undefined;
  }
}
