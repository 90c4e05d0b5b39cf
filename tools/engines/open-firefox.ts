/** Firefox as it is published, by WebDriver BiDi, with WebGPU on Mesa's software driver. */
import { type Browser, firefox, type LaunchOptions } from "playwright";
import { findFirefox, lavapipe } from "./install.ts";

/** What is used of Playwright's own objects. */
interface Session {
  send(method: string, ...rest: unknown[]): Promise<unknown>;
}
interface Internals {
  readonly _connection: { toImpl(browser: Browser): { readonly _browserSession: Session } };
}

/** Installs what is missing, and opens a browser. @param options Playwright's own */
export async function openFirefox(options: LaunchOptions = {}): Promise<Browser> {
  const browser = await firefox.launch({
    ...options,
    channel: "moz-firefox",
    executablePath: findFirefox(),
    env: { ...process.env, ...lavapipe() },
    // Firefox ESR has WebGPU on Linux behind these.
    firefoxUserPrefs: { "dom.webgpu.enabled": true, "gfx.webgpu.ignore-blocklist": true },
  });
  const session = (browser as unknown as Internals)._connection.toImpl(browser)._browserSession;
  const send = session.send.bind(session);
  // Playwright sets a colour scheme for every context, and Firefox ESR does not have the command: its pages keep the system's.
  session.send = async (method, ...rest) =>
    method === "emulation.setMediaFeaturesOverride" ? {} : send(method, ...rest);
  return browser;
}
