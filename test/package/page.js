/** Copied into every project with a page: trains on the page, then in a worker, and writes both losses into the page's title. */
import { train } from "./train.js";

export async function show(worker) {
  const here = await train();
  worker.onerror = (event) => {
    document.title = `worker: ${event.message}`;
  };
  worker.onmessage = ({ data }) => {
    document.title = `${here} ${data}`;
  };
  worker.postMessage("start");
}
