/** The signals by name. */
import { openMicrophone } from "./microphone.ts";
import { openMotion } from "./motion.ts";
import { type Disturbance, SensorBank } from "./sensor.ts";
import type { LiveSource, Source, SourceKind } from "./source.ts";

/** Opens a live signal; the browser may ask the visitor for permission. Throws a {@link SourceError}. */
export function openLive(kind: Exclude<SourceKind, "sensor">): Promise<LiveSource> {
  return kind === "microphone" ? openMicrophone() : openMotion();
}

/** The seed of the watched sensors; the recorded sensors have another. */
const SEED = 7;

/** The synthetic sensors. Their clock counts samples: a higher rate plays them faster. */
export class SensorSource implements Source {
  readonly unit = "";
  #bank = new SensorBank(1, SEED);
  #held: number | undefined;

  next(streams: number): Float32Array {
    if (this.#bank.count !== streams) {
      this.#bank = new SensorBank(streams, SEED);
      this.#bank.hold(0, this.#held);
    }
    return this.#bank.next();
  }

  /** Keeps the sensor that is drawn at a value; undefined lets it go. */
  hold(value: number | undefined): void {
    this.#held = value;
    this.#bank.hold(0, value);
  }

  /** Disturbs the sensor that is drawn. */
  disturb(kind: Disturbance): void {
    this.#bank.disturb(0, kind);
  }

  close(): void {}
}
