/** Checks of options and facts that are given, or stored. Loads on demand, since most pages give none; imports types alone. */
import type * as checks from "../checks.ts";
import type * as errors from "../errors.ts";
import type { AdapterFacts, Known } from "./adapter-facts.ts";

/** Functions and classes of the main file. */
export type Tools = Pick<
  typeof checks,
  "checkBoolean" | "checkInteger" | "checkNumber" | "checkOptions" | "isObject" | "show"
> &
  Pick<typeof errors, "OptionError">;

/** Options of a device as they are given. */
interface Given {
  readonly facts?: AdapterFacts;
  readonly calibrate?: boolean;
  readonly versions?: object;
  readonly selfTest?: boolean;
  readonly gpu?: object;
  readonly powerPreference?: string;
}

/** Throws an OptionError unless `facts` is complete and every fact possible. */
export function checkFacts(tools: Tools, where: string, facts: AdapterFacts): AdapterFacts {
  const names = ["gflops", "barrierMicros", "dispatchMicros", "gloads", "workgroups"] as const;
  tools.checkOptions(where, facts, [...names, "subgroupSize", "software", "versions", "wrong"]);
  tools.checkInteger(where, "subgroupSize", facts.subgroupSize, 0);
  for (const name of names) tools.checkNumber(where, name, facts[name], "a positive number", (n) => n > 0);
  tools.checkBoolean(where, "software", facts.software);
  const { versions = {}, wrong = {} } = facts;
  if (!tools.isObject(versions) || Object.values(versions).some((version) => typeof version !== "string")) {
    throw new tools.OptionError(
      `${where}: versions must name a kernel version for each use, as device.facts.versions does, got ${tools.show(versions)}`,
    );
  }
  const lists = tools.isObject(wrong) ? Object.values(wrong) : [null];
  if (!lists.every((list) => Array.isArray(list) && list.every((version) => typeof version === "string"))) {
    throw new tools.OptionError(
      `${where}: wrong must list kernel versions for each use, as device.facts.wrong does, got ${tools.show(wrong)}`,
    );
  }
  return { ...facts, versions: { ...versions }, wrong: { ...wrong } };
}

/** What was stored of an adapter, as far as it is of use: an earlier release may have kept something else. */
export function checkKnown(tools: Tools, stored: unknown): Known {
  const { facts, passed } = stored as Partial<Record<keyof Known, unknown>>;
  const known: Known = Array.isArray(passed) ? { passed } : {};
  try {
    const { versions = {}, wrong = {}, ...checked } = checkFacts(tools, "Device", facts as AdapterFacts);
    known.facts = { ...checked, versions, wrong };
  } catch {
    // They are measured anew.
  }
  return known;
}

const OPTIONS = ["facts", "versions", "calibrate", "selfTest"];

/**
 * Throws an OptionError for options that a device cannot have; gives the others, the app's objects copied.
 * @param others Further options of the call.
 */
export function checkDeviceOptions<Options extends Given>(
  tools: Tools,
  where: string,
  options: Options,
  others: readonly string[],
): Options {
  tools.checkOptions(where, options, [...OPTIONS, ...others]);
  checkEntry(tools, where, options);
  const { facts, versions = {}, calibrate = false, selfTest } = options;
  checkPins(tools, where, versions);
  tools.checkBoolean(where, "calibrate", calibrate);
  if (selfTest !== undefined) tools.checkBoolean(where, "selfTest", selfTest);
  if (calibrate && facts) {
    throw new tools.OptionError(
      `${where}: facts and calibrate exclude each other: with given facts nothing is measured, so that a run is planned as before`,
    );
  }
  const copied = facts && { facts: checkFacts(tools, `${where}: facts`, facts) };
  return { ...options, versions: { ...versions }, ...copied };
}

const POWER_PREFERENCES = ["low-power", "high-performance"];

function checkEntry(tools: Tools, where: string, { gpu, powerPreference }: Given): void {
  if (
    gpu !== undefined &&
    typeof (gpu as { requestAdapter?: unknown } | null)?.requestAdapter !== "function"
  ) {
    throw new tools.OptionError(
      `${where}: gpu must be a GPU object like navigator.gpu, got ${tools.show(gpu)}`,
    );
  }
  if (powerPreference !== undefined && !POWER_PREFERENCES.includes(powerPreference)) {
    throw new tools.OptionError(
      `${where}: powerPreference must be one of ${POWER_PREFERENCES.join(", ")}, got ${tools.show(powerPreference)}`,
    );
  }
}

const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  gemm: ["register", "shared", "rows", "lanes4"],
  recurrent: ["cell", "step", "split", "sequence4", "sequence"],
};

function checkPins(tools: Tools, where: string, pins: object): void {
  tools.checkOptions(`${where}: versions`, pins, Object.keys(VERSIONS));
  for (const [name, allowed] of Object.entries(VERSIONS)) {
    const pin = (pins as Record<string, unknown>)[name];
    if (pin !== undefined && !allowed.includes(pin as string)) {
      throw new tools.OptionError(
        `${where}: versions.${name} must be one of ${allowed.join(", ")}, got ${tools.show(pin)}`,
      );
    }
  }
}
