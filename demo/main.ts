/** The page: one device, one form, one training session at a time. */
import { Device } from "webgpu-lstm";
import { seattleCsv } from "../examples/seattle/csv.ts";
import { DEFAULTS } from "../examples/seattle/defaults.ts";
import { forecastTask } from "../examples/seattle/task.ts";
import { parseWeather } from "../examples/seattle/weather.ts";
import { Controls } from "./controls.ts";
import { showNotice } from "./notice.ts";
import { TrainingSession, untrained } from "./session.ts";
import { View } from "./view.ts";

const { window: days, hidden, layers, batchSize, epochs, learningRate } = DEFAULTS;
const weather = parseWeather(seattleCsv);
const view = new View();
const controls = new Controls(document.getElementById("settings") as HTMLFormElement, {
  horizon: 1,
  hiddenSize: hidden,
  numLayers: layers,
  window: days,
  batchSize,
  epochs,
  learningRate,
});

/** Runs the page on a device for as long as there is one. */
function run(device: Device): void {
  let session = open();

  /** A new session on the present settings; the one before, if any, ends. */
  function open(): TrainingSession {
    const task = forecastTask(weather, controls.settings);
    const opened = new TrainingSession(device, task, controls.settings, (change) => {
      view.draw(opened.snapshot, change);
      if (opened.snapshot.phase === "failed") showNotice(opened.snapshot.error);
    });
    showNotice(undefined);
    view.drawAll(opened.snapshot);
    return opened;
  }

  function renew(): void {
    session.dispose();
    session = open();
  }

  controls.onChange = (changed) => {
    if (changed === "learningRate") session.learningRate = controls.settings.learningRate;
    else renew();
  };
  view.toggle.addEventListener("click", () => {
    const { phase } = session.snapshot;
    if (phase === "compiling" || phase === "training") session.pause();
    else if (phase === "pausing" || phase === "paused") session.resume();
    else {
      if (phase !== "ready") renew();
      session.start();
    }
  });
  view.reset.addEventListener("click", renew);

  void device.lost.then((error) => {
    session.dispose();
    stop(error);
  });
}

/** Shows why nothing can be trained here (any more). */
function stop(error: unknown): void {
  controls.enabled = false;
  view.drawUnusable();
  showNotice(error);
}

view.drawAll(untrained(forecastTask(weather, controls.settings), controls.settings, "waiting"));
try {
  const device = await Device.request();
  document.getElementById("adapter")!.textContent = device.describe();
  controls.enabled = true;
  run(device);
} catch (error) {
  document.getElementById("adapter")!.textContent = "none";
  stop(error);
}
