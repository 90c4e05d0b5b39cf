import { checkBoolean, checkInteger, checkNumber, checkOptions, isObject, show } from "../checks.ts";
import { OptionError } from "../errors.ts";
import { OnDemand } from "../ondemand.ts";
import type { AdapterFacts, Known, KnownFacts, Verdicts } from "./adapter-facts.ts";
import { type AdapterInfo, GpuContext } from "./context.ts";
import { measureFacts } from "./facts.ts";
import { forgetFacts, storedFacts, storeFacts } from "./facts-store.ts";
import { limitsOf } from "./limits.ts";
import { type NativeDevice, subgroupSizeOf } from "./request.ts";

/** Checks of what is given or was stored. */
export const deviceChecks = /* @__PURE__ */ new OnDemand(() => import("./device-checks.ts"));

/** What those checks use of this file's chunk. */
export const tools = { checkBoolean, checkInteger, checkNumber, checkOptions, isObject, show, OptionError };

/** By what tells adapters apart. */
const known = new Map<string, Known>();

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

/** What is known of an adapter, also from an earlier visit. */
async function knownOf(key: string): Promise<Known> {
  let found = known.get(key);
  if (!found) {
    const stored = await storedFacts(key);
    if (stored) await deviceChecks.load();
    // Another device may have been faster.
    found = known.get(key) ?? (stored ? deviceChecks.module.checkKnown(tools, stored) : {});
    known.set(key, found);
  }
  return found;
}

/** Runs `use` with a device that leaves nothing behind. */
async function probed<T>(
  gpu: NativeDevice,
  info: AdapterInfo,
  facts: AdapterFacts,
  use: (probe: GpuContext) => Promise<T>,
): Promise<T> {
  const probe = new GpuContext(gpu, info, facts, false);
  try {
    const result = await use(await probe.learn());
    // What a lost device gives means nothing.
    probe.check("Device");
    return result;
  } finally {
    probe.dispose();
  }
}

/** The facts of a device's adapter: known to this page, stored by an earlier visit, or measured now. */
export async function factsOf(gpu: NativeDevice, info: AdapterInfo): Promise<KnownFacts> {
  const key = keyOf(gpu, info);
  const adapter = await knownOf(key);
  if (!adapter.facts) {
    adapter.facts = { ...(await probed(gpu, info, UNMEASURED, measureFacts)), versions: {}, wrong: {} };
    await storeFacts(key, adapter);
  }
  return { ...adapter.facts, subgroupSize: subgroupSizeOf(gpu) };
}

/** Grows when the self test tests more: what has passed an earlier one is tested again. */
const TESTED = 2;

/** Runs a self test, unless the adapter has passed it before with these facts and versions: others run other kernels. */
export async function passOnce(
  gpu: NativeDevice,
  info: AdapterInfo,
  facts: AdapterFacts,
  pins: object,
  test: (probe: GpuContext) => Promise<void>,
): Promise<void> {
  const key = keyOf(gpu, info);
  const adapter = await knownOf(key);
  const way = JSON.stringify([TESTED, facts.subgroupSize, facts.software, pins]);
  if (adapter.passed?.includes(way)) return;
  await probed(gpu, info, facts, test);
  adapter.passed = [...(adapter.passed ?? []), way];
  await storeFacts(key, adapter);
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

/** Adds verdicts to an adapter's facts, here and in the browser's storage. */
export async function addVerdicts(
  gpu: NativeDevice,
  info: AdapterInfo,
  facts: KnownFacts,
  { versions, wrong }: Verdicts,
): Promise<void> {
  const key = keyOf(gpu, info);
  Object.assign(facts.versions, versions);
  Object.assign(facts.wrong, wrong);
  await storeFacts(key, { ...(await knownOf(key)), facts });
}

/** Forgets the facts of all adapters, here and in the browser's storage. */
export async function forgetAllFacts(): Promise<void> {
  known.clear();
  await forgetFacts();
}
