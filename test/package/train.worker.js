import { train } from "./train.js";

self.onmessage = async () => self.postMessage(await train().catch(String));
