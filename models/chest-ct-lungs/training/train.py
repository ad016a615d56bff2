#!/usr/bin/env python3
"""Trains chest-ct-lungs on phantoms. Needs only Debian's python3-torch and numpy.

  cmake --preset release && cmake --build build --target axial-phantom
  python3 models/chest-ct-lungs/training/train.py --phantom build/bin/axial-phantom --work /tmp/lungs
"""
import argparse
import hashlib
import json
import pathlib
import random
import time

import numpy as np
import torch
import torch.nn.functional as F

import phantoms
from augment import augment, scale
from unet import UNet


def loss_of(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross entropy plus one minus soft Dice over the whole batch."""
    probability = logits.softmax(1)
    wanted = F.one_hot(target, 3).permute(0, 3, 1, 2).float()
    both = (probability * wanted).sum((0, 2, 3))
    dice = (2 * both + 1) / (probability.sum((0, 2, 3)) + wanted.sum((0, 2, 3)) + 1)
    return F.cross_entropy(logits, target) + 1 - dice[1:].mean()


def train(images: np.ndarray, labels: np.ndarray, args) -> UNet:
    net = UNet()
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, args.rate, total_steps=args.steps,
                                                   pct_start=0.1)
    order = np.random.default_rng(args.seed)
    started, mean = time.time(), None
    for step in range(args.steps):
        pick = np.sort(order.choice(len(images), args.batch, replace=False))
        x, y = augment(torch.from_numpy(images[pick]).float()[:, None],
                       torch.from_numpy(labels[pick])[:, None])
        loss = loss_of(net(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
        if step % 50 == 49:
            print(f"step {step + 1} loss {mean:.4f} {time.time() - started:.0f} s", flush=True)
        if step % 200 == 199:
            save(net, pathlib.Path(args.work) / "checkpoint.pt")
    return net


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


def save(net: UNet, path: pathlib.Path) -> None:
    net.eval()
    torch.jit.freeze(torch.jit.script(net)).save(str(path))
    net.train()


def main() -> None:
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser()
    parser.add_argument("--phantom", required=True, help="the axial-phantom program")
    parser.add_argument("--work", required=True, help="folder for the phantoms")
    parser.add_argument("--out", default=str(here.parent / "model.pt"))
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    random.seed(args.seed)
    torch.set_num_threads(args.threads)
    work = pathlib.Path(args.work)
    phantoms.make(args.phantom, work / "ct", phantoms.TRAINING)
    phantoms.make(args.phantom, work / "held", phantoms.HELD_ASIDE)
    images, labels = phantoms.read(work / "ct", phantoms.TRAINING)
    print(f"{len(images)} training slices")
    net = train(images, labels, args)
    save(net, pathlib.Path(args.out))
    loaded = torch.jit.load(args.out)
    report = {"weights": sum(p.numel() for p in net.parameters()), "slices": len(images),
              "dice": evaluate(loaded, *phantoms.read(work / "held", phantoms.HELD_ASIDE), 24),
              "sha256": hashlib.sha256(pathlib.Path(args.out).read_bytes()).hexdigest()}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
