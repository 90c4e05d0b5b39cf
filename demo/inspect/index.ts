/** The Inspect view: the content of a model's file, and a run of the model. */
import type { Gpu } from "../shell/gpu.ts";
import type { View } from "../shell/view.ts";
import { FilePanel } from "./file-panel.ts";
import "./inspect.css";
import html from "./inspect.html?raw";
import { RunPanel } from "./run-panel.ts";

export function mount(root: HTMLElement, gpu: Gpu): View {
  root.innerHTML = html;
  const run = new RunPanel(gpu);
  const file = new FilePanel((opened) => run.offer(opened));
  return {
    // Nothing starts by itself; the device is requested at the first run.
    enter() {},
    async leave() {
      const { underWay } = run;
      await run.stop();
      return underWay ? "stopped" : undefined;
    },
    drop: (files) => file.take(files),
  };
}
