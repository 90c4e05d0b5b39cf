import { show } from "./page.js";

// The worker is an entry of its own: esbuild leaves this address as it is.
show(new Worker(new URL("./train.worker.js", import.meta.url), { type: "module" }));
