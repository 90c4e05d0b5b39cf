/** Where the sound comes from: the microphone, or a file. */
import { RATE } from "../../../tasks/speech/silero.ts";
import { bytes } from "../../shell/format.ts";
import { openMedia } from "../signals/microphone.ts";
import { SourceError } from "../signals/source.ts";
import capture from "./capture.js?url&no-inline";
import { Resampler } from "./resampler.ts";

export type SoundKind = "sample" | "microphone" | "file";

/** Maximum size of a file, in bytes: the browser decodes it as a whole. */
const LARGEST = 64e6;

/** Seconds of a file that are listened to. */
export const LONGEST = 600;

/** Sound that goes on. */
export interface LiveSound {
  /** Called with every piece that comes, {@link RATE} samples a second. */
  onSamples: (samples: Float32Array) => void;
  /** Resolves with the reason when it ends by itself. */
  readonly ended: Promise<Error>;
  close(): void;
}

/** Opens the microphone. Throws a {@link SourceError}. */
export async function openVoice(): Promise<LiveSound> {
  const { media, ended } = await openMedia("read a file or the made sample");
  const context = new AudioContext();
  const close = () => {
    for (const track of media.getTracks()) track.stop();
    void context.close();
  };
  try {
    await context.audioWorklet.addModule(capture);
    const node = new AudioWorkletNode(context, "capture", { channelCount: 1, channelCountMode: "explicit" });
    const resampler = new Resampler(context.sampleRate, RATE);
    const sound: LiveSound = { onSamples: () => {}, ended, close };
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => sound.onSamples(resampler.push(data));
    // Its output is silence; only what leads to the destination runs.
    context.createMediaStreamSource(media).connect(node).connect(context.destination);
    await context.resume();
    return sound;
  } catch (error) {
    close();
    throw error;
  }
}

/** The sound of a file, {@link RATE} samples a second, all channels as one. Throws a {@link SourceError}. */
export async function readSound(file: File): Promise<Float32Array> {
  if (file.size > LARGEST) {
    throw new SourceError(
      "This file is too large",
      `${file.name} has ${bytes(file.size)}; files up to ${bytes(LARGEST)} are read. Cut it.`,
    );
  }
  const context = new OfflineAudioContext(1, 1, RATE);
  let sound: AudioBuffer;
  try {
    sound = await context.decodeAudioData(await file.arrayBuffer());
  } catch {
    throw new SourceError(
      "This file cannot be read as sound",
      `The browser does not decode ${file.name}. WAV, MP3, Ogg and M4A usually work; convert it to one of them.`,
    );
  }
  const length = Math.min(sound.length, LONGEST * RATE);
  const mean = new Float32Array(length);
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    const samples = sound.getChannelData(channel);
    for (let i = 0; i < length; i++) mean[i]! += samples[i]! / sound.numberOfChannels;
  }
  return mean;
}
