import lstm = require("webgpu-lstm");
import node = require("webgpu-lstm/node");

export const layer: lstm.nn.LSTM = new lstm.nn.LSTM(1, 2);
export const opened: Promise<lstm.Device> = node.openDevice();
// @ts-expect-error Two sizes are needed: the types are not `any`.
export const none = new lstm.nn.LSTM(1);
