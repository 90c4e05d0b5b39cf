/** A separate visit: reports this worker's device facts. */
import { Device } from "webgpu-lstm";

const device = await Device.request();
postMessage(device.facts);
device.dispose();
