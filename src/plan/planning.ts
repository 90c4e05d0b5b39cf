import type { Verdicts } from "../gpu/adapter-facts.ts";
import type { VersionPins } from "../ops/op.ts";

/** How a device chooses kernel versions. */
export interface Planning {
  readonly pins: VersionPins;
  /** Whether versions with close predictions are timed. */
  readonly calibrate: boolean;
  /** Whether versions of recurrent layers are compared with the plain one and timed before they are used. */
  readonly proves: boolean;
  /** Keeps what was found out. */
  keep(verdicts: Verdicts): Promise<void>;
}
