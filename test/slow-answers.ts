/** An engine that looks for finished work on a slow timer, as Firefox does, and when something is submitted. */

const TIMER_MS = 100;

/** Makes a device answer so; gives how many empty submissions it has had. */
export function answerSlowly(device: GPUDevice): { empty: number } {
  const counts = { empty: 0 };
  let waiting: (() => void)[] = [];
  const look = () => {
    for (const hear of waiting) hear();
    waiting = [];
  };
  const timer = setInterval(look, TIMER_MS);
  void device.lost.then(() => clearInterval(timer));
  const { queue } = device;
  const submit = queue.submit.bind(queue);
  queue.submit = (buffers) => {
    const list = [...buffers];
    if (list.length === 0) counts.empty++;
    submit(list);
    look();
  };
  /** An answer that nobody hears before the next look. */
  const late = async <T>(answer: Promise<T>): Promise<T> => {
    const result = await answer;
    await new Promise<void>((hear) => {
      waiting.push(hear);
    });
    return result;
  };
  const done = queue.onSubmittedWorkDone.bind(queue);
  queue.onSubmittedWorkDone = () => late(done());
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const mapAsync = buffer.mapAsync.bind(buffer);
    buffer.mapAsync = (...given) => late(mapAsync(...given));
    return buffer;
  };
  return counts;
}
