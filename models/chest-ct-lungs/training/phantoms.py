"""Phantoms from axial-phantom: made once into a folder, read back as arrays."""
import json
import pathlib
import subprocess

import numpy as np

GRID = ["--kind", "ct", "--randomise", "--rows", "144", "--columns", "144", "--pixel-spacing", "3",
        "--slices", "24", "--threads", "1"]
# (first seed, number of phantoms, slice spacing in mm)
TRAINING = [(1000, 230, 12.5), (1230, 230, 12.5), (5000, 50, 20.0)]
HELD_ASIDE = [(9000, 40, 12.5)]


def make(program: str, folder: pathlib.Path, sets) -> None:
    """Runs one process per set, two at a time; a finished folder is left as it is."""
    running = []
    for seed, count, spacing in sets:
        if (folder / str(seed + count - 1) / "truth.json").exists():
            continue
        running.append(subprocess.Popen(
            [program, "raw", *GRID, "--slice-spacing", str(spacing), "--seed", str(seed),
             "--count", str(count), "--out", str(folder)]))
        if len(running) == 2:
            for process in running:
                assert process.wait() == 0
            running = []
    for process in running:
        assert process.wait() == 0


def read(folder: pathlib.Path, sets):
    """HU int16 and labels uint8, both [slice][row][column], all phantoms one after the other."""
    images, labels = [], []
    for seed, count, _ in sets:
        for number in range(seed, seed + count):
            one = folder / str(number)
            truth = json.loads((one / "truth.json").read_text())
            shape = (truth["slices"], truth["rows"], truth["columns"])
            images.append(np.fromfile(one / "image.raw", "<i2").reshape(shape))
            labels.append(np.fromfile(one / "truth.raw", "u1").reshape(shape))
    return np.concatenate(images), np.concatenate(labels)
