import { show } from "./page.js";

show(new Worker(new URL("./train.worker.js", import.meta.url), { type: "module" }));
