#!/usr/bin/env python3
"""Draws the model's contours over a CT, to be looked at. Needs python3-torch, -pydicom, -pil.

  for f in <jpeg folder>/*.dcm; do dcmdjpeg "$f" /tmp/ct/$(basename "$f"); done   # if compressed
  python3 models/chest-ct-lungs/training/overlay.py /tmp/ct /tmp/overlay.png

Axial feet-first view: the patient's right is on the left of the picture. Red: right lung, green:
left lung. The steps are those of model.yaml in a few lines of Python, resampled a little otherwise
than Axial does: for counting, take the SEG of `axial analyze`, as single slices differ.
"""
import argparse
import pathlib

import numpy as np
import pydicom
import torch
import torch.nn.functional as F
from PIL import Image

from augment import scale

ROI = 192
PIXEL_MM = 3.0


def load(folder: pathlib.Path):
    """HU [slice][row][column] from foot to head, and the pixel spacing (row, column) in mm."""
    files = [pydicom.dcmread(p) for p in folder.iterdir() if p.suffix == ".dcm"]
    files.sort(key=lambda f: float(f.ImagePositionPatient[2]))
    hu = [f.pixel_array * float(f.RescaleSlope) + float(f.RescaleIntercept) for f in files]
    return np.stack(hu).astype(np.float32), [float(s) for s in files[0].PixelSpacing]


def largest(mask: np.ndarray) -> np.ndarray:
    """The largest 6-connected component, by flooding from seeds."""
    left, best = mask.copy(), np.zeros_like(mask)
    while left.any():
        part = np.zeros_like(mask)
        part[tuple(np.argwhere(left)[0])] = True
        while True:
            grown = part.copy()
            for axis in range(3):
                for side in (slice(1, None), slice(None, -1)):
                    other = slice(None, -1) if side.start == 1 else slice(1, None)
                    to = [slice(None)] * 3
                    of = [slice(None)] * 3
                    to[axis], of[axis] = side, other
                    grown[tuple(to)] |= part[tuple(of)]
            grown &= left
            if (grown == part).all():
                break
            part = grown
        left &= ~part
        if part.sum() > best.sum():
            best = part
    return best


def label(net, hu: np.ndarray, spacing) -> np.ndarray:
    """Labels [slice][row][column] on the source grid."""
    rows, columns = (round(n * s / PIXEL_MM) for n, s in zip(hu.shape[1:], spacing))
    small = F.interpolate(torch.from_numpy(hu)[:, None], size=(rows, columns), mode="bilinear",
                          align_corners=True)
    top, side = (ROI - rows) // 2, (ROI - columns) // 2
    padded = F.pad(scale(small), (side, ROI - columns - side, top, ROI - rows - top))
    with torch.inference_mode():
        classes = torch.cat([net(part).argmax(1) for part in padded.split(8)])
    classes = classes[:, top:top + rows, side:side + columns].numpy()
    clean = sum(largest(classes == value) * value for value in (1, 2)).astype(np.float32)
    back = F.interpolate(torch.from_numpy(clean)[:, None], size=hu.shape[1:], mode="nearest")
    return back[:, 0].numpy().astype(np.uint8)


def draw(hu: np.ndarray, labels: np.ndarray, tiles: int, across: int) -> Image.Image:
    grey = np.clip((hu + 1100) / 1500 * 255, 0, 255).astype(np.uint8)
    out = []
    for at in np.linspace(0, len(hu) - 1, tiles).astype(int)[::-1]:
        tile = np.stack([grey[at]] * 3, -1)
        for value, colour in ((1, (255, 40, 40)), (2, (40, 255, 40))):
            mask = labels[at] == value
            core = mask.copy()
            for axis in (0, 1):
                core &= np.roll(mask, 1, axis) & np.roll(mask, -1, axis)
            tile[mask & ~core] = colour
        out.append(tile)
    lines = [np.concatenate(out[i:i + across], 1) for i in range(0, tiles, across)]
    return Image.fromarray(np.concatenate(lines, 0))


def main() -> None:
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser()
    parser.add_argument("study", type=pathlib.Path)
    parser.add_argument("png")
    parser.add_argument("--model", default=str(here.parent / "model.pt"))
    parser.add_argument("--tiles", type=int, default=12)
    args = parser.parse_args()
    hu, spacing = load(args.study)
    labels = label(torch.jit.load(args.model), hu, spacing)
    draw(hu, labels, args.tiles, 4).save(args.png)
    for value, name in ((1, "right"), (2, "left")):
        mask = labels == value
        print(f"{name}: {mask.sum()} voxels, mean {hu[mask].mean() if mask.any() else 0:.0f} HU, "
              f"{(hu[mask] > -400).mean() if mask.any() else 0:.3f} above -400 HU")


if __name__ == "__main__":
    main()
