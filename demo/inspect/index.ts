/** The Inspect view: the content of a model's file, and a run of the model; it opens with an example. */
import type { Gpu } from "../shell/gpu.ts";
import type { View } from "../shell/view.ts";
import { FilePanel } from "./file/file-panel.ts";
import { FirstRun } from "./first-run.ts";
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
  const first = new FirstRun(model, run);
  const file = new FilePanel((opened) => {
    for (const panel of [run, model, save, first]) panel.offer(opened);
  });
  return {
    get linkContents() {
      return file.isOwn ? { lacks: "It opens this view and not your file: send that with it." } : undefined;
    },
    enter() {
      run.resume();
      first.shown = true;
      file.openFirst();
    },
    async leave() {
      // What ran by itself is not missed.
      const underWay = !first.underWay && (run.underWay || model.underWay);
      first.shown = false;
      await Promise.all([run.stop(), model.stop()]);
      return underWay ? "stopped" : undefined;
    },
    drop: (files) => file.take(files),
  };
}
