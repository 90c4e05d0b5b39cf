/** Registers the service worker of a built page; the development server has none. */
export function keepForOffline(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("./service-worker.js").catch((error: unknown) => {
    console.info("webgpu-lstm demo: the page cannot be kept for visits without a connection", error);
  });
}
