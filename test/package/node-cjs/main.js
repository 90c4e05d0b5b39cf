const { nn } = require("webgpu-lstm");
const { openDevice } = require("webgpu-lstm/node");
const { train } = require("./train.mjs");

const same = [
  require("webgpu-lstm/nn").LSTM === nn.LSTM,
  typeof require("webgpu-lstm/optim").Adam,
  typeof require("webgpu-lstm/data").DataLoader,
  typeof require("webgpu-lstm/worker").connect,
  typeof require("webgpu-lstm/formats").loadOnnx,
  typeof require("webgpu-lstm/search").createStudy,
  typeof require("webgpu-lstm/search/node").JournalFile,
  require("webgpu-lstm/package.json").name,
];
openDevice()
  .then(train)
  .then((loss) => console.log(loss, ...same));
