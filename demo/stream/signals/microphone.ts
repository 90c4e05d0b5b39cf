/** The sound level at the microphone, in decibels below full scale. The sound itself is not kept. */
import { type LiveSource, SourceError } from "./source.ts";

/** Sound samples of one value: 43 ms at 48 kHz. */
const SAMPLES = 2048;

/** Below this amplitude it is silent: -100 dB. */
const SILENCE = 1e-5;

/** The microphone's stream as it is, without filters. */
export interface Media {
  readonly media: MediaStream;
  /** Resolves with the reason when the microphone is taken away. */
  readonly ended: Promise<Error>;
}

/**
 * Asks for the microphone. Throws a {@link SourceError}.
 * @param instead What else one can do, as in "watch the synthetic sensor"
 */
export async function openMedia(instead: string): Promise<Media> {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new SourceError(
      "No microphone here",
      `Browsers offer the microphone only on https:// pages and on localhost, and some not at all. Without one, ${instead}.`,
    );
  }
  const media = await navigator.mediaDevices
    .getUserMedia({
      // Unprocessed: filters for voices would hide anomalies.
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    })
    .catch((error: unknown) => {
      throw refusal(error, instead);
    });
  const ended = new Promise<Error>((resolve) => {
    media
      .getAudioTracks()[0]!
      .addEventListener("ended", () =>
        resolve(
          new SourceError("The microphone was taken away", "Connect or allow it again, and press Start."),
        ),
      );
  });
  return { media, ended };
}

export async function openMicrophone(): Promise<LiveSource> {
  const { media, ended } = await openMedia("watch the synthetic sensor");
  const context = new AudioContext();
  const close = () => {
    for (const track of media.getTracks()) track.stop();
    void context.close();
  };
  try {
    const analyser = new AnalyserNode(context, { fftSize: SAMPLES });
    context.createMediaStreamSource(media).connect(analyser);
    await context.resume();
    const sound = new Float32Array(SAMPLES);
    return {
      unit: " dB",
      next(streams) {
        analyser.getFloatTimeDomainData(sound);
        const power = sound.reduce((sum, value) => sum + value * value, 0) / SAMPLES;
        return new Float32Array(streams).fill(20 * Math.log10(Math.max(SILENCE, Math.sqrt(power))));
      },
      ended,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function refusal(error: unknown, instead: string): unknown {
  const { name } = error as DOMException;
  if (name === "NotAllowedError" || name === "SecurityError") {
    return new SourceError(
      "The microphone was not allowed",
      `Allow it for this page in the browser's address bar and press Start again, or ${instead}.`,
    );
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") {
    return new SourceError("No microphone was found", `Connect one and press Start again, or ${instead}.`);
  }
  if (name === "NotReadableError" || name === "AbortError" || name === "NotSupportedError") {
    return new SourceError(
      "The microphone could not be read",
      `Another program may be using it. Close that and press Start again, or ${instead}.`,
    );
  }
  return error;
}
