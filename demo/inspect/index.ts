/** The Inspect view: the content of a model's file, and a run of the model; it opens with an example that has been run. */
import type { Gpu } from "../shell/gpu.ts";
import type { View } from "../shell/view.ts";
import { FilePanel } from "./file/file-panel.ts";
import "./inspect.css";
import html from "./inspect.html?raw";
import { RunPanel } from "./layer-run/run-panel.ts";
import { ModelPanel } from "./model-run/model-panel.ts";
import { SavePanel } from "./save-panel.ts";

export function mount(root: HTMLElement, gpu: Gpu): View {
  root.innerHTML = html;
  const run = new RunPanel(gpu);
  const model = new ModelPanel(gpu);
  const save = new SavePanel(model, () => run.layer);
  const file = new FilePanel((opened) => {
    for (const panel of [run, model, save]) panel.offer(opened);
  });
  /** Whether a run of the example by itself has come to its end. */
  let begun = false;
  let isBeginning = false;
  let visits = 0;
  const begin = async () => {
    const visit = ++visits;
    if (begun || !(await file.openFirst()) || visit !== visits) return;
    isBeginning = true;
    begun = await run.start();
    isBeginning = false;
  };
  return {
    enter() {
      run.resume();
      void begin();
    },
    async leave() {
      visits++;
      const underWay = !isBeginning && (run.underWay || model.underWay);
      await Promise.all([run.stop(), model.stop()]);
      return underWay ? "stopped" : undefined;
    },
    drop: (files) => file.take(files),
  };
}
