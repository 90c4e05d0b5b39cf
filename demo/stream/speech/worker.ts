/** Listens to sound, chunk by chunk, on its own device. */
import { Device } from "webgpu-lstm";
import { makeSpeech } from "../../../tasks/speech/made-speech.ts";
import { Silero } from "../../../tasks/speech/silero.ts";
import { type Answer, failureOf, type Heard, type Request } from "./protocol.ts";

let silero: Silero | undefined;

async function answer(request: Request): Promise<unknown> {
  switch (request.kind) {
    case "open": {
      const device = await Device.request();
      silero = await Silero.open(device, request.file);
      return device.describe();
    }
    case "chunk": {
      const start = performance.now();
      const probability = await silero!.probability(request.samples);
      return { probability, ms: performance.now() - start } satisfies Heard;
    }
    case "reset":
      return silero!.reset();
    case "make":
      return makeSpeech().samples;
  }
}

addEventListener("message", async ({ data }: MessageEvent<Request>) => {
  let message: Answer;
  try {
    message = { id: data.id, value: await answer(data) };
  } catch (error) {
    message = { id: data.id, failure: failureOf(error) };
  }
  postMessage(message);
});
