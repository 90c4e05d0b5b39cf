"""PyTorch at the workloads of bench/workload.ts, driven line by line by bench/peers/pytorch.ts.

Every line in is a JSON command, every line out its answer. On the CPU the better of one and of all threads is taken, on a GPU
cuDNN is what nn.LSTM uses.
"""

import json
import sys
import time

import torch
from torch import nn

LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "tanh": nn.RNN}


class Model(nn.Module):
    def __init__(self, w):
        super().__init__()
        layer = LAYERS[w["kind"]]
        self.recurrent = layer(w["inputSize"], w["hiddenSize"], w["numLayers"], batch_first=True)
        self.fc = nn.Linear(w["hiddenSize"], w["outputSize"]) if w["outputSize"] > 0 else None
        self.every_step = w["everyStep"]

    def forward(self, x):
        output, _ = self.recurrent(x)
        hidden = output if self.every_step else output[:, -1]
        return self.fc(hidden) if self.fc else hidden


class Runner:
    def __init__(self, command):
        self.w = w = command["workload"]
        self.device = torch.device(command["device"])
        if self.device.type == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = command["tf32"]
        data = torch.frombuffer(bytearray(open(command["file"], "rb").read()), dtype=torch.float32)
        tensors, at = {}, 0
        for name, shape in command["tensors"]:
            size = int(torch.tensor(shape).prod()) if shape else 1
            tensors[name] = data[at : at + size].reshape(shape).clone()
            at += size
        self.x, self.y = tensors.pop("x"), tensors.pop("y")
        model = Model(w)
        model.load_state_dict(tensors)
        dtype = torch.float64 if command.get("double") else torch.float32
        self.model = model.to(self.device, dtype)
        self.x, self.y = self.x.to(dtype), self.y.to(dtype)
        if w["loss"] == "cross-entropy":
            self.y = self.y.long()
        # A batch that training reads again and again lies on the device, as in any tuned PyTorch program.
        self.x, self.y = self.x.to(self.device), self.y.to(self.device)
        self.optimizer = torch.optim.Adam(model.parameters(), lr=w["learningRate"])
        self.state, self.asked, self.latest = None, 0, None
        start = time.perf_counter()
        for _ in range(w["seqLen"] if w["task"] == "stream" else 1):
            self.step()
        self.finish()
        self.first_step_ms = (time.perf_counter() - start) * 1e3
        self.first = self.result()

    def step(self):
        task = self.w["task"]
        if task == "stream":
            with torch.inference_mode():
                t = self.asked % self.w["seqLen"]
                self.asked += 1
                output, self.state = self.model.recurrent(self.x[:, t : t + 1], self.state)
                self.latest = output.cpu()
        elif task == "infer":
            with torch.inference_mode():
                self.latest = self.model(self.x).cpu()
        else:
            self.optimizer.zero_grad(set_to_none=True)
            prediction = self.model(self.x)
            if self.w["loss"] == "cross-entropy":
                loss = nn.functional.cross_entropy(prediction.reshape(-1, self.w["outputSize"]), self.y.reshape(-1))
            else:
                loss = nn.functional.mse_loss(prediction, self.y)
            loss.backward()
            if task == "train":
                self.optimizer.step()
            self.latest = loss.detach()

    def finish(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def sample(self, count):
        encode = 0.0
        start = time.perf_counter()
        for _ in range(count):
            called = time.perf_counter()
            self.step()
            encode += time.perf_counter() - called
            self.finish()
        wall = time.perf_counter() - start
        on_gpu = self.device.type == "cuda"
        return {"wallMs": wall * 1e3 / count, "encodeMs": encode * 1e3 / count if on_gpu else None, "cpuMs": None}

    def choose_threads(self, cores):
        """The faster of one thread and of one a core, by the better of two steps each."""
        if self.device.type == "cuda":
            return torch.cuda.get_device_name()
        times = {}
        for threads in sorted({1, cores}):
            torch.set_num_threads(threads)
            self.step()
            times[threads] = min(self.sample(1)["wallMs"] for _ in range(2))
        best = min(times, key=times.get)
        torch.set_num_threads(best)
        return f"{best} thread{'s' if best > 1 else ''}"

    def result(self):
        return self.latest.reshape(-1).tolist()


def main():
    runner = None
    for line in sys.stdin:
        command = json.loads(line)
        name = command["command"]
        try:
            if name == "version":
                answer = {"torch": torch.__version__, "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}
            elif name == "open":
                runner = Runner(command)
                answer = {"firstStepMs": runner.first_step_ms, "firstResult": runner.first}
                answer["plan"] = "" if command.get("double") else runner.choose_threads(command["cores"])
            elif name == "sample":
                answer = runner.sample(command["count"])
            elif name == "result":
                answer = runner.result()
            else:
                runner, answer = None, None
        except Exception as error:  # The other side reports it.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
