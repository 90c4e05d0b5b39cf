/** Installs what a test needs, where it is missing and can be. */
import { execFileSync } from "node:child_process";

/** What a test needs is missing and could not be installed. */
export class InstallError extends Error {}

/** A command that takes longer is taken for one without a network, in ms. */
const PATIENCE_MS = 240_000;

/** @param who The npm script that needs it */
export function aptGet(who: string, ...args: string[]): void {
  install(who, "apt-get", ["-qq", "-y", ...args], "Debian 12, as root");
}

/** @param needs What the command needs to succeed */
export function install(who: string, program: string, args: readonly string[], needs: string): void {
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    execFileSync(program, args, { stdio: "inherit", env, timeout: PATIENCE_MS });
  } catch (error) {
    throw new InstallError(
      `${who} needs \`${program} ${args.join(" ")}\` (${needs}), which failed; install it by hand`,
      { cause: error },
    );
  }
}
