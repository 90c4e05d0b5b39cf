/**
 * What the browser tests use of Vitest, for engines that Vitest itself does not drive: its runner, its assertions and its spies, without
 * its server.
 */
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  customMatchers,
  type ExpectStatic,
  GLOBAL_EXPECT,
  getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  type MatcherState,
  setState,
} from "@vitest/expect";
import { restoreAllMocks, spyOn } from "@vitest/spy";

export type { TestContext } from "@vitest/runner";
export { afterAll, afterEach, beforeAll, beforeEach, describe, test } from "@vitest/runner";

/** Where the assertions look for each other. */
const shared = globalThis as unknown as Record<symbol, object>;

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

export const expect = ((value: unknown, message?: string) => {
  setState({ assertionCalls: getState(expect).assertionCalls + 1 }, expect);
  return chai.expect(value, message);
}) as ExpectStatic;
Object.assign(expect, chai.expect, shared[ASYMMETRIC_MATCHERS_OBJECT], {
  poll,
  getState: () => getState(expect),
});
shared[GLOBAL_EXPECT] = expect;
setState({ assertionCalls: 0 } as Partial<MatcherState>, expect);
(chai.expect as unknown as { extend(expect: ExpectStatic, matchers: object): void }).extend(
  expect,
  customMatchers,
);

/** `await expect.poll(read, options).toEqual(wanted)`: reads again until the assertion holds or the time is over. */
function poll(read: () => unknown, { interval = 50, timeout = 1000 } = {}): unknown {
  const retried =
    (matcher: string | symbol) =>
    async (...args: unknown[]): Promise<void> => {
      for (const end = performance.now() + timeout; ; ) {
        const assertion = expect(await read()) as unknown as Record<
          string | symbol,
          (...args: unknown[]) => void
        >;
        try {
          return assertion[matcher]!(...args);
        } catch (error) {
          if (performance.now() >= end) throw error;
          await new Promise((resolve) => setTimeout(resolve, interval));
        }
      }
    };
  return new Proxy({}, { get: (_, matcher) => retried(matcher) });
}

const replaced = new Map<string, PropertyDescriptor | undefined>();

export const vi = {
  spyOn,
  restoreAllMocks,
  stubGlobal(name: string, value: unknown): void {
    if (!replaced.has(name)) replaced.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true });
  },
  unstubAllGlobals(): void {
    for (const [name, descriptor] of replaced) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
    replaced.clear();
  },
};
