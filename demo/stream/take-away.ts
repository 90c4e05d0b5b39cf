/** What can be taken away from the view: the model, in a file or to the Inspect view, and a picture of what was found. */
import { partsOf } from "../shell/dom.ts";
import { count, decimals } from "../shell/format.ts";
import { bindTakeAway, type CardContent } from "../shell/take-away.ts";
import type { Frame } from "../shell/view.ts";
import { milliseconds } from "./display/latency-card.ts";
import { savedModel } from "./saved.ts";
import type { Session } from "./session.ts";

const part = partsOf("stream");

const NAMES = { sensor: "A sensor", microphone: "The microphone's level", motion: "This device's motion" };

export interface TakeAwayOptions {
  readonly frame: Frame;
  readonly session: () => Session;
  /** The drawn signal. */
  readonly picture: () => Promise<HTMLCanvasElement>;
  readonly onError: (error: unknown) => void;
}

export class TakeAway {
  constructor({ frame, session, picture, onError }: TakeAwayOptions) {
    bindTakeAway({
      view: "stream",
      frame,
      onError,
      model: () => savedModel(session().learned!),
      card: async () => ({ ...cardOf(session()), picture: await picture() }),
    });
  }

  /** @param session What is shown; undefined for nothing */
  show(session: Session | undefined): void {
    for (const name of ["save", "inspect"]) part<HTMLButtonElement>(name).disabled = !session?.learned;
    part<HTMLButtonElement>("card").disabled = !session?.watch?.steps;
    if (!session) part("saved").replaceChildren();
  }
}

function cardOf({ settings, watch, detector }: Session): Omit<CardContent, "picture"> {
  const { anomalies } = detector!;
  const drifts = anomalies.filter(({ by }) => by === "sum").length;
  const median = watch!.roundTrip.quantile(0.5);
  const speed = watch!.stepsPerSecond;
  return {
    title: `${NAMES[settings.kind]}, predicted value by value`,
    figures: [
      { label: "anomalies", value: `${count(anomalies.length)}, ${count(drifts)} by CUSUM` },
      { label: "median round trip", value: `${milliseconds(median)} ms` },
      { label: "steps a second", value: speed === undefined ? "–" : decimals(speed, 1) },
    ],
  };
}
