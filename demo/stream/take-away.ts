/** What can be taken away from the view: the model, in a file or to the Inspect view, and a picture of what was found. */
import type { Card } from "../shell/card.ts";
import { bindCard } from "../shell/card-dialog.ts";
import { byId, partsOf } from "../shell/dom.ts";
import { count, decimals } from "../shell/format.ts";
import { saveModel } from "../shell/save-model.ts";
import type { Frame } from "../shell/view.ts";
import { milliseconds } from "./latency-card.ts";
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
    part("save").addEventListener("click", () => saveModel(savedModel(session().learned!), part("saved")));
    part("inspect").addEventListener("click", () => {
      const { name, data } = savedModel(session().learned!);
      frame.inspect(name, data);
    });
    bindCard(part("card"), async () => cardOf(session(), await picture(), frame.url), onError);
  }

  /** @param session What is shown; undefined for nothing */
  show(session: Session | undefined): void {
    for (const name of ["save", "inspect"]) part<HTMLButtonElement>(name).disabled = !session?.learned;
    part<HTMLButtonElement>("card").disabled = !session?.watch?.steps;
    if (!session) part("saved").replaceChildren();
  }
}

function cardOf({ settings, watch, detector }: Session, picture: HTMLCanvasElement, url: string): Card {
  const { anomalies } = detector!;
  const drifts = anomalies.filter(({ by }) => by === "sum").length;
  const median = watch!.roundTrip.quantile(0.5);
  const speed = watch!.stepsPerSecond;
  return {
    title: `${NAMES[settings.kind]}, predicted value by value`,
    picture,
    figures: [
      { label: "anomalies", value: `${count(anomalies.length)}, ${count(drifts)} by CUSUM` },
      { label: "median round trip", value: `${milliseconds(median)} ms` },
      { label: "steps a second", value: speed === undefined ? "–" : decimals(speed, 1) },
    ],
    adapter: byId("adapter").textContent,
    url,
  };
}
