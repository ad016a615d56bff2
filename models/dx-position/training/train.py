#!/usr/bin/env python3
"""Trains dx-position on radiographs projected through phantoms. Needs Debian's python3-torch, numpy.

  cmake --preset release && cmake --build build --target axial-phantom
  python3 models/dx-position/training/train.py --phantom build/bin/axial-phantom --work /tmp/dx
"""
import pathlib
import subprocess
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2]))
import training_command

VIEWS = ("pa", "lateral")  # class 0 frontal, class 1 lateral
SIDE = 96                  # of the phantom radiographs, pixels
INPUT = 64                 # of the network


class PositionNet(nn.Module):
    """[N, 1, 64, 64] in 0..1 to [N, 2] logits: frontal, lateral."""

    def __init__(self) -> None:
        super().__init__()
        def step(i: int, o: int) -> nn.Sequential:
            return nn.Sequential(nn.Conv2d(i, o, 3, stride=2, padding=1, bias=False),
                                 nn.BatchNorm2d(o), nn.ReLU())
        self.body = nn.Sequential(step(1, 16), step(16, 24), step(24, 32), step(32, 48))
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(48 * 4 * 4, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x).flatten(1))


def radiographs(program: str, folder: pathlib.Path, seed: int, count: int):
    """[2 * count, 1, SIDE, SIDE] float 0..1 and classes, both views of each phantom."""
    images, classes = [], []
    for index, view in enumerate(VIEWS):
        out = folder / view
        if not (out / str(seed + count - 1) / "truth.json").exists():
            subprocess.run([program, "raw", "--kind", "dx", "--randomise", "--view", view,
                            "--rows", str(SIDE), "--columns", str(SIDE), "--seed", str(seed),
                            "--count", str(count), "--out", str(out)], check=True)
        for number in range(seed, seed + count):
            images.append(np.fromfile(out / str(number) / "image.raw", "<i2").reshape(1, SIDE, SIDE))
            classes.append(index)
    return torch.from_numpy(np.stack(images)).float() / 4095.0, torch.tensor(classes)


def augment(x: torch.Tensor) -> torch.Tensor:
    """Mirror, turn, zoom, shift, collimate, change contrast: [N, 1, *, *] to [N, 1, 64, 64]."""
    n = len(x)
    angle, mirror = torch.randn(n) * 0.1, (torch.rand(n) < 0.5).float() * 2 - 1
    theta = torch.zeros(n, 2, 3)
    sx, sy = torch.rand(2, n) * 0.5 + 0.7
    theta[:, 0, 0], theta[:, 0, 1] = mirror * sx * angle.cos(), -sx * angle.sin()
    theta[:, 1, 0], theta[:, 1, 1] = mirror * sy * angle.sin(), sy * angle.cos()
    theta[:, :, 2] = torch.randn(n, 2) * 0.12
    grid = F.affine_grid(theta, (n, 1, INPUT, INPUT), align_corners=False)
    x = F.grid_sample(x, grid, align_corners=False, padding_mode="border")
    at = torch.linspace(-1, 1, INPUT)
    edge = torch.rand(n, 4, 1, 1) * 0.25 + 0.85
    inside = ((at.view(1, 1, -1) < edge[:, 0]) & (at.view(1, 1, -1) > -edge[:, 1]) &
              (at.view(1, -1, 1) < edge[:, 2]) & (at.view(1, -1, 1) > -edge[:, 3])).unsqueeze(1)
    x = torch.where(inside, x, torch.rand(n, 1, 1, 1).round())
    x = normalise(x) ** torch.exp(torch.randn(n, 1, 1, 1) * 0.35)
    shading = F.interpolate(torch.randn(n, 1, 4, 4), size=(INPUT, INPUT), mode="bicubic",
                            align_corners=True)
    x = x + 0.1 * shading * torch.rand(n, 1, 1, 1)
    return normalise(x + torch.randn_like(x) * torch.rand(n, 1, 1, 1) * 0.08)


def normalise(x: torch.Tensor) -> torch.Tensor:
    """The model's ScaleIntensityRangePercentilesd: 1st to 99th percentile to 0..1, clipped."""
    low, high = (torch.quantile(x.flatten(1), q, dim=1).view(-1, 1, 1, 1) for q in (0.01, 0.99))
    return ((x - low) / (high - low).clamp(min=1e-6)).clamp(0, 1)


def main() -> None:
    args = training_command.read(__file__, steps=3000, batch=32, rate=2e-3)
    images, classes = radiographs(args.phantom, args.work / "training", 20000, 300)
    net = PositionNet()
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, args.rate, total_steps=args.steps)
    for step in range(args.steps):
        pick = torch.randint(len(images), (args.batch,))
        loss = F.cross_entropy(net(augment(images[pick])), classes[pick], label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 100 == 99:
            print(f"step {step + 1} loss {loss.item():.3f}", flush=True)
    training_command.save(net, args.out)

    held, truth = radiographs(args.phantom, args.work / "held", 30000, 100)
    loaded = torch.jit.load(args.out)
    with torch.inference_mode():
        plain = loaded(normalise(F.adaptive_avg_pool2d(held, INPUT))).argmax(1)
        # One draw of the augmentation tells accuracy to about 2 % only; twenty to 0.3 %.
        varied = torch.stack([loaded(augment(held)).argmax(1) for _ in range(20)])
    training_command.report(net, args.out, training=len(images), held_aside=len(held),
                            accuracy=float((plain == truth).float().mean()),
                            accuracy_augmented=float((varied == truth).float().mean()))


if __name__ == "__main__":
    main()
