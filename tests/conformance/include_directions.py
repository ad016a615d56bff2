"""Checks every `#include` line against the directions between rooms, and third-party headers against their places.

Prints each line that goes the wrong way; exit code 1 when there is one.
"""

import pathlib
import re
import sys

STAGE = {"gateway/store", "core", "config", "routing", "inference/protocol"}

# room -> what it may include beside itself. The longest room that holds a file decides.
MAY_INCLUDE = {
    "core/base": set(),
    "core/dicom": {"core/base"},
    "config": {"core"},
    "routing": {"core", "config"},
    "inference/protocol": {"core", "config"},
    "inference/volume": {"core", "config"},
    "inference/findings": {"core", "config", "inference/volume"},
    "inference/transforms": {"core", "config", "inference/volume", "inference/findings"},
    "inference/engines": {"core", "config", "inference/volume", "inference/findings", "inference/transforms"},
    "inference/results": {"core", "config", "inference/volume", "inference/findings", "inference/protocol"},
    "inference/worker": {"core", "config", "inference"},
    "gateway/store": {"core"},
    "gateway/receive": STAGE,
    "gateway/assemble": STAGE,
    "gateway/dispatch": STAGE,
    "gateway/deliver": STAGE,
    "gateway/admin": STAGE,
    "gateway/pipeline": STAGE | {"gateway"},
    "gateway": STAGE | {"gateway"},
    "orthanc-plugin": STAGE | {"gateway"},
}

# third-party header -> the only places for it
STAYS_INSIDE = {
    r"torch/|ATen/|c10/": {"inference/engines"},
    r"opencv2/": {"inference/engines", "inference/transforms"},
    r"SQLiteCpp/|sqlite3\.h": {"gateway/store"},
    r"boost/(asio|beast)": {"gateway", "core/base"},
    r"yaml-cpp/": {"config"},
    r"orthanc/": {"orthanc-plugin"},
    r"dcmtk/dcmnet/": {"gateway/receive", "gateway/deliver"},
    r"dcmtk/(dcmsr|dcmseg|dcmfg|dcmiod)/": {"inference/results", "inference/volume"},
    r"dcmtk/(dcmjpeg|dcmjpls|dcmimgle|dcmimage)/": {"inference/volume"},
}


def IsInside(path, place):
    return path == place or path.startswith(place + "/")


def Problems(root):
    for room in sorted({rooms.split("/")[0] for rooms in MAY_INCLUDE}):
        for file in sorted((root / room).rglob("*")):
            if file.suffix not in (".h", ".cc"):
                continue
            name = file.relative_to(root).as_posix()
            home = max((place for place in MAY_INCLUDE if IsInside(name, place)), key=len)
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                found = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
                if not found:
                    continue
                header = found.group(1)
                if (root / header).exists():
                    allowed = MAY_INCLUDE[home] | {home}
                    if not any(IsInside(header, place) for place in allowed):
                        yield f"{name}:{number}: {home} must not include {header}"
                for pattern, places in STAYS_INSIDE.items():
                    if re.match(pattern, header) and not any(IsInside(name, place) for place in places):
                        yield f"{name}:{number}: {header} stays inside {', '.join(sorted(places))}"


problems = list(Problems(pathlib.Path(sys.argv[1])))
print("\n".join(problems) or "every include goes the right way")
sys.exit(1 if problems else 0)
