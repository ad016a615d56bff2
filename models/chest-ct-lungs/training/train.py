#!/usr/bin/env python3
"""Trains chest-ct-lungs on phantoms. Needs only Debian's python3-torch and numpy.

  cmake --preset release && cmake --build build --target axial-phantom
  python3 models/chest-ct-lungs/training/train.py --phantom build/bin/axial-phantom --work /tmp/lungs
"""
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

import phantoms
from augment import augment, scale
from unet import UNet

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2]))
import training_command


def loss_of(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross entropy plus one minus soft Dice over the whole batch."""
    probability = logits.softmax(1)
    wanted = F.one_hot(target, 3).permute(0, 3, 1, 2).float()
    both = (probability * wanted).sum((0, 2, 3))
    dice = (2 * both + 1) / (probability.sum((0, 2, 3)) + wanted.sum((0, 2, 3)) + 1)
    return F.cross_entropy(logits, target) + 1 - dice[1:].mean()


def train(images: np.ndarray, labels: np.ndarray, args) -> UNet:
    # Channels last, PyTorch's convolutions take two thirds of the time.
    net = UNet().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, args.rate, total_steps=args.steps,
                                                   pct_start=0.1)
    order = np.random.default_rng(args.seed)
    started, mean = time.time(), None
    for step in range(args.steps):
        pick = np.sort(order.choice(len(images), args.batch, replace=False))
        x, y = augment(torch.from_numpy(images[pick]).float()[:, None],
                       torch.from_numpy(labels[pick])[:, None])
        loss = loss_of(net(x.contiguous(memory_format=torch.channels_last)), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
        if step % 50 == 49:
            print(f"step {step + 1} loss {mean:.4f} {time.time() - started:.0f} s", flush=True)
        if step % 200 == 199:
            training_command.save(net, args.work / "checkpoint.pt")
    return net.to(memory_format=torch.contiguous_format)


def evaluate(net, images: np.ndarray, labels: np.ndarray, slices: int) -> dict:
    """Dice per phantom and class on held-aside phantoms, no augmentation."""
    dice = {1: [], 2: []}
    with torch.inference_mode():
        for at in range(0, len(images), slices):
            x = scale(torch.from_numpy(images[at:at + slices]).float()[:, None])
            found = net(x).argmax(1).numpy()
            truth = labels[at:at + slices]
            for label in dice:
                both = ((found == label) & (truth == label)).sum()
                total = (found == label).sum() + (truth == label).sum()
                if total:
                    dice[label].append(2.0 * both / total)
    return {name: {"mean": float(np.mean(dice[k])), "lowest": float(np.min(dice[k]))}
            for k, name in ((1, "right"), (2, "left"))}


def main() -> None:
    args = training_command.read(__file__, steps=2500, batch=16, rate=4e-3)
    work = args.work
    phantoms.make(args.phantom, work / "ct", phantoms.TRAINING)
    phantoms.make(args.phantom, work / "held", phantoms.HELD_ASIDE)
    images, labels = phantoms.read(work / "ct", phantoms.TRAINING)
    print(f"{len(images)} training slices")
    net = train(images, labels, args)
    training_command.save(net, args.out)
    held = phantoms.read(work / "held", phantoms.HELD_ASIDE)
    training_command.report(net, args.out, slices=len(images),
                            dice=evaluate(torch.jit.load(args.out), *held, 24))


if __name__ == "__main__":
    main()
