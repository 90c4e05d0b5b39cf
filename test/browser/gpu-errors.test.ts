import { gpuErrorTests } from "../gpu-errors.ts";

gpuErrorTests(async () => navigator.gpu);
