"""The net of the speaker embedder and how it is learnt; needs torch, which `train_speaker_embedder.py` says how to get.

Log-mel frames in, a vector out. Two-dimensional convolutions see voices shifted along the frequency axis as what they
are, so that 184 readers go further; one-dimensional ones with wider and wider reach follow; attentive statistics
pooling (Okabe et al., Interspeech 2018) makes any length one vector.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear, normalize

MARGIN, SCALE = 0.2, 30.0
CONTRAST_SCALE = 15.0
RATE, DECAY = 2e-3, 2e-2
WARM_UP, MARGIN_FROM = 100, 300
COOL_DOWN = 0.45
"""Share of the steps over which the rate falls to nothing."""
AVERAGE = 0.995


def _square(inside: int, outside: int, stride: int | tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU()
    )


class Square(nn.Module):
    """Two convolutions over time and frequency beside an identity (He et al., 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _square(channels, channels, 1)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.norm(self.second(self.first(x))))


class Long(nn.Module):
    """A dilated convolution over time and one over channels beside an identity."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Conv1d(width, width, 1, bias=False),
            nn.BatchNorm1d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.inner(x))


class SpeakerNet(nn.Module):
    """float32 [n, frames, bands] in, [n, dimension] out; not of norm 1."""

    def __init__(self, bands: int, dimension: int, width: int = 192) -> None:
        super().__init__()
        self.front = nn.Sequential(
            _square(1, 32, 2), _square(32, 32, 2), Square(32), _square(32, 64, (2, 1)), Square(64), Square(64)
        )
        self.narrow = nn.Sequential(
            nn.Conv1d(8 * bands, width, 1, bias=False), nn.BatchNorm1d(width), nn.ReLU()
        )
        self.longer = nn.ModuleList([Long(width, dilation) for dilation in (1, 2, 3)])
        self.together = nn.Sequential(
            nn.Conv1d(3 * width, 2 * width, 1, bias=False), nn.BatchNorm1d(2 * width), nn.ReLU()
        )
        self.attention = nn.Sequential(nn.Conv1d(2 * width, 96, 1), nn.Tanh(), nn.Conv1d(96, 2 * width, 1))
        self.out = nn.Sequential(
            nn.BatchNorm1d(4 * width), nn.Linear(4 * width, dimension), nn.BatchNorm1d(dimension)
        )

    def forward(self, frames: Tensor) -> Tensor:
        x = frames.transpose(1, 2).unsqueeze(1).contiguous(memory_format=torch.channels_last)
        x = self.narrow(self.front(x).flatten(1, 2))
        seen = []
        for block in self.longer:
            x = block(x)
            seen.append(x)
        x = self.together(torch.cat(seen, 1))
        weight = self.attention(x).softmax(2)
        mean = (weight * x).sum(2)
        spread = ((weight * x * x).sum(2) - mean * mean).clamp_min(1e-5).sqrt()
        return self.out(torch.cat([mean, spread], 1))


class Margin(nn.Module):
    """Additive angular margin softmax over all voices (Deng et al., CVPR 2019)."""

    def __init__(self, voices: int, dimension: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(voices, dimension) * 0.05)

    def forward(self, vectors: Tensor, labels: Tensor, margin: float) -> Tensor:
        cosine = linear(vectors, normalize(self.weight)).clamp(-0.9999, 0.9999)
        angle = torch.acos(cosine.gather(1, labels[:, None])) + margin
        return cross_entropy(SCALE * cosine.scatter(1, labels[:, None], torch.cos(angle)), labels)


def contrast(vectors: Tensor, crops: int) -> Tensor:
    """Each crop must lie nearest to the mean of its voice's other crops (as in GE2E, Wan et al., ICASSP 2018)."""
    grouped = vectors.view(-1, crops, vectors.shape[1])
    voices = len(grouped)
    losses = []
    for i in range(crops):
        others = torch.cat([grouped[:, :i], grouped[:, i + 1 :]], 1).mean(1)
        alike = CONTRAST_SCALE * grouped[:, i] @ normalize(others).T
        losses.append(cross_entropy(alike, torch.arange(voices)))
    return torch.stack(losses).mean()


class Learner:
    """The net, its running average, and where it stands; a checkpoint holds all of it."""

    def __init__(self, bands: int, dimension: int, voices: int, crops: int, seed: int = 1) -> None:
        torch.manual_seed(seed)
        self.net = SpeakerNet(bands, dimension).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net).eval()
        self.margin = Margin(voices, dimension)
        self.crops = crops
        self.step = 0
        self._optimizer = torch.optim.AdamW(
            [
                {"params": self.net.parameters(), "weight_decay": DECAY},
                {"params": self.margin.parameters(), "weight_decay": 0.0},
            ],
            lr=RATE,
        )

    def learn(self, frames: Tensor, labels: Tensor, steps: int) -> tuple[float, float]:
        """One step of `steps`; the two losses."""
        left = (steps - self.step) / (COOL_DOWN * steps)
        for group in self._optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (self.step + 1) / WARM_UP, max(left, 1e-3))
        self.net.train()
        with torch.autocast("cpu", torch.bfloat16):
            vectors = self.net(frames)
        vectors = normalize(vectors.float())
        by_voice = self.margin(vectors, labels, MARGIN * min(1.0, self.step / MARGIN_FROM))
        by_crop = contrast(vectors, self.crops)
        self._optimizer.zero_grad()
        (by_voice + by_crop).backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self._optimizer.step()
        self.step += 1
        keep = min(AVERAGE, self.step / (self.step + 10))
        with torch.no_grad():
            for mine, theirs in zip(_numbers(self.average), _numbers(self.net), strict=True):
                mine.lerp_(theirs, 1 - keep)
        return by_voice.item(), by_crop.item()

    @torch.inference_mode()
    def embed(self, frames: Sequence[Tensor]) -> Tensor:
        """Vectors of norm 1 by the average, for stretches of one length."""
        return normalize(self.average(torch.stack(list(frames))))

    def save(self, path: Path) -> None:
        whole = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "margin": self.margin.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "step": self.step,
        }
        # First beside it: a stop in the middle of writing costs nothing.
        torch.save(whole, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> None:
        whole = torch.load(path, weights_only=True)
        self.net.load_state_dict(whole["net"])
        self.average.load_state_dict(whole["average"])
        self.margin.load_state_dict(whole["margin"])
        self._optimizer.load_state_dict(whole["optimizer"])
        self.step = whole["step"]


def _numbers(net: nn.Module) -> Iterator[Tensor]:
    """Weights and the running figures of the norms."""
    for number in net.state_dict().values():
        if number.is_floating_point():
            yield number
