import { openGpu } from "../../tools/node-device.ts";
import { gpuErrorTests } from "../gpu-errors.ts";

gpuErrorTests(openGpu);
