/** A visit of its own: what a device's facts are here. */
import { Device } from "webgpu-lstm";

const device = await Device.request();
postMessage(device.facts);
device.dispose();
