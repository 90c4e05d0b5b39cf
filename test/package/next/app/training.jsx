"use client";

import { useEffect } from "react";
import { show } from "../page.js";

export default function Training() {
  useEffect(() => {
    const worker = new Worker(new URL("../train.worker.js", import.meta.url), { type: "module" });
    show(worker);
    return () => worker.terminate();
  }, []);
  return null;
}
