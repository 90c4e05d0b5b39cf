/** The form of the Stream view: what is chosen in it, and what it shows of each signal. */
import { partsOf, setText } from "../shell/dom.ts";
import type { Choice, Choices } from "./link.ts";
import type { Settings } from "./session.ts";
import type { SourceKind } from "./signals/source.ts";

const part = partsOf("stream");

const SOURCE_NOTES: Record<Choice, string> = {
  sensor: "Three harmonics and noise. Its clock counts values: a higher rate plays it faster.",
  microphone:
    "How loud it is, not what is said: one number a value. The browser will ask you. Nothing leaves this page.",
  motion: "How strongly this device is accelerated. The browser may ask you. Nothing leaves this page.",
  speech: "Where there is speech in a sound, said by a trained model: nothing is learned here.",
};

/** What belongs to the signals that are learned, and to speech. */
const SIGNAL_PARTS = ["figures", "signal", "anomalies-card", "signal-settings", "model-note"];
const SPEECH_PARTS = ["speech-figures", "speech-sound", "speech-found", "speech-settings"];

export function choice(): Choice {
  return part<HTMLSelectElement>("source").value as Choice;
}

/** The settings of the signals that are learned. */
export function signalSettings(): Settings {
  const number = (name: string) => Number(part<HTMLSelectElement>(name).value);
  return {
    kind: choice() as SourceKind,
    streams: number("streams"),
    rate: number("rate"),
    calibration: number("calibration"),
  };
}

/** Chooses what a link says. */
export function choose({ signal, rate, streams, calibration }: Choices): void {
  for (const [name, value] of Object.entries({ source: signal, rate, streams, calibration })) {
    part<HTMLSelectElement>(name).value = String(value);
  }
}

/** The key of the current settings among the learned models. */
export function key(): string {
  const { kind, rate, calibration } = signalSettings();
  return kind === "sensor" ? kind : `${kind} ${rate} ${calibration}`;
}

/** Shows the cards, the settings and the notes of the chosen signal. */
export function showChoice(): void {
  const { streams } = signalSettings();
  const kind = choice();
  const speech = kind === "speech";
  const sensor = kind === "sensor";
  setText(part("source-note"), SOURCE_NOTES[kind]);
  for (const name of SIGNAL_PARTS) part(name).hidden = speech;
  for (const name of SPEECH_PARTS) part(name).hidden = !speech;
  part("calibration-field").hidden = sensor;
  part("disturb-row").hidden = !sensor;
  setText(
    part("streams-note"),
    sensor
      ? "All are watched; the first one is drawn and can be disturbed."
      : "All are given this one signal, to see what more streams cost.",
  );
  const drawn = streams > 1 && sensor ? `Stream 1 of ${streams}. ` : "";
  const touch = sensor ? " Draw on the chart, or hold the sensor with the arrow keys; Escape lets go." : "";
  setText(part("signal-note"), `${drawn}The band is where a value is normal.${touch}`);
}
