"""highdicom's part of bench/seg: writes the same masks.   seg_highdicom.py FOLDER SEGMENTS OUT"""

import json
import os
import pathlib
import resource
import sys
import time

import highdicom as hd
import numpy as np
import pydicom
from pydicom.sr.codedict import codes

folder, segments, out = pathlib.Path(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3]) / "seg.dcm"
source = [pydicom.dcmread(file, stop_before_pixels=True) for file in sorted((folder / "source").iterdir())]
shape = (len(source), source[0].Rows, source[0].Columns)
masks = np.fromfile(folder / "masks.raw", np.uint8).reshape(shape)  # a label map, as it likes best: one byte per voxel


def Seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


start, cpu = time.perf_counter(), Seconds()
algorithm = hd.AlgorithmIdentificationSequence("bench", codes.DCM.ArtificialIntelligence, "1")
descriptions = [
    hd.seg.SegmentDescription(
        number,
        f"segment {number}",
        codes.SCT.AnatomicalStructure,
        codes.SCT.Lung,
        hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm,
    )
    for number in range(1, segments + 1)
]
segmentation = hd.seg.Segmentation(
    source_images=source,
    pixel_array=masks,
    segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
    segment_descriptions=descriptions,
    series_instance_uid=hd.UID(),
    series_number=9001,
    sop_instance_uid=hd.UID(),
    instance_number=1,
    manufacturer="Axial",
    manufacturer_model_name="bench",
    software_versions="1",
    device_serial_number="1",
)
segmentation.save_as(out)
print(json.dumps({
    "wall_s": round(time.perf_counter() - start, 3),
    "cpu_s": round(Seconds() - cpu, 3),
    "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024e-6),
    "file_mb": round(os.path.getsize(out) * 1e-6),
}))
