/** The card of the Text view's runs: its figures, and steps in place of epochs. */
import { count } from "../../shell/format.ts";
import { type PanelActions, RunPanel } from "../../training/panel.ts";
import { STEPS_PER_REPORT } from "../settings.ts";

const FIGURES = [
  { name: "text-steps", label: "Steps", initial: "0" },
  { name: "text-speed", label: "Characters/s" },
  { name: "text-train-bits", label: "Training, bits" },
  { name: "text-held-out-bits", label: "Held out, bits" },
] as const;

export function textPanel(actions: PanelActions): RunPanel {
  const steps = (epochs: number) => `${count(epochs * STEPS_PER_REPORT)} steps`;
  return new RunPanel(document.getElementById("text-run")!, FIGURES, actions, {
    at: (epoch, epochs) => `step ${count((epoch - 1) * STEPS_PER_REPORT)} of ${steps(epochs)}`,
    count: steps,
  });
}
