/** The Inspect view: a model's file, what is in it, and what the model does. */
import type { Gpu } from "../shell/gpu.ts";
import type { View } from "../shell/view.ts";
import { FilePanel } from "./file-panel.ts";
import "./inspect.css";
import html from "./inspect.html?raw";
import { RunPanel } from "./run-panel.ts";

export function mount(root: HTMLElement, gpu: Gpu): View {
  root.innerHTML = html;
  const run = new RunPanel(gpu);
  new FilePanel(root, (opened) => run.offer(opened));
  return {
    // Nothing starts by itself, and the device is asked for when something is run.
    enter() {},
    leave: () => run.stop(),
  };
}
