/**
 * Keeps the built page for visits without a connection. The first visit stores every file but the largest, in the background; a new version of the page is
 * stored beside the old one, and replaces it once all its tabs are closed. A part of the page that is not stored is waited for: browsers never
 * ask again for a module that once failed, so it must not fail while the connection is only interrupted.
 */

/** The files to store, relative to the page, and a text that changes with them; see tools/offline.ts. */
declare const FILES: readonly string[];
declare const VERSION: string;

/** What is used of a service worker's globals, whose types exclude those of a page. */
interface Worker {
  readonly clients: { claim(): Promise<void> };
  readonly registration: { readonly scope: string };
  addEventListener(type: "install" | "activate", listener: (event: Lifetime) => void): void;
  addEventListener(type: "fetch", listener: (event: Asked) => void): void;
}

interface Lifetime {
  waitUntil(work: Promise<unknown>): void;
}

interface Asked {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

const worker = self as unknown as Worker;

const PREFIX = "webgpu-lstm-demo ";

/** How long a part is waited for, and the time between two attempts, in ms. */
const PATIENCE = 180_000;
const PAUSE = 1_000;

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(PREFIX + VERSION).then((cache) => cache.addAll(FILES)));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(removeOthers().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(worker.registration.scope)) return;
  event.respondWith(request.mode === "navigate" ? newest(request) : stored(request));
});

async function removeOthers(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== PREFIX + VERSION) await caches.delete(name);
  }
}

/** The page itself, which may have a new version. */
async function newest(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    const cached = await caches.match("./", { ignoreSearch: true });
    if (cached) return cached;
    throw error;
  }
}

/** A part, whose name changes with its content. */
async function stored(request: Request): Promise<Response> {
  // A browser's storage may fail while its network works.
  const cached = await caches.match(request).catch(() => undefined);
  if (cached) return cached;
  const end = performance.now() + PATIENCE;
  for (;;) {
    try {
      return await fetch(request.clone());
    } catch (error) {
      // The page that asked is gone, or has given up.
      if (request.signal.aborted || performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}
