/**
 * Train in a worker: the page has the Trainer's methods, the worker has the model and the GPU device.
 * @packageDocumentation
 */
export { type ConnectOptions, connect, type RemoteFitOptions, RemoteTrainer } from "./connect.ts";
export { type ServeOptions, serve } from "./serve.ts";
export type { Served } from "./served.ts";
export { transfer } from "./transfer.ts";
