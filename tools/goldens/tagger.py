"""The tagger of tasks/tagger: which tokens of a sequence come again, and which came before."""

import torch
from torch import nn

TOKENS, TAGS = 12, 4
LEARNING_RATE = 0.01


class Tagger(nn.Module):
    """Two bidirectional layers over packed sequences; logits [N, T, 4]."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, 8, padding_idx=0)
        self.lstm = nn.LSTM(8, 8, num_layers=2, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(16, TAGS)

    def forward(self, tokens, lengths):
        pack = nn.utils.rnn.pack_padded_sequence
        packed = pack(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        output, _ = nn.utils.rnn.pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, total_length=tokens.shape[1]
        )
        return self.fc(output)


def optimizer_of(model):
    return torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)


def loss_of(logits, tags):
    """The mean over all steps that are no padding, whose tag is -100."""
    return nn.functional.cross_entropy(logits.flatten(0, 1), tags.flatten())


def train(model, optimizer, tokens, lengths, tags, steps):
    """The loss before each step."""
    losses = []
    for _ in range(steps):
        loss = loss_of(model(tokens, lengths), tags)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
