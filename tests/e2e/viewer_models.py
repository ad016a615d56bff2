"""A models folder for the viewer's test: the sample models, and two that give segments on an MR and on a radiograph."""

import pathlib
import shutil
import subprocess

import harness

_SEGMENT = """    - label: {label}
      name: {name}
      category: {{code: "123037004", scheme: SCT, meaning: Anatomical Structure}}
      type: {{code: "{code}", scheme: SCT, meaning: {meaning}}}
      colour: {colour}
"""

_CARD = """name: {name}
version: 1.0.0
engine: torchscript
weights: {{file: model.pt}}
algorithm: {{name: {title}, manufacturer: Axial, version: 1.0.0}}
input: {input}
preprocessing:
{preprocessing}
inferer: {{SimpleInferer: {{}}}}
postprocessing:
  - AsDiscreted: {{argmax: true}}
  - KeepLargestConnectedComponentd: {{applied_labels: [1, 2]}}
outputs:
  segments:
{segments}{measurements}"""

HEAD = _CARD.format(
    name="head-bands", title="Head", input="{modality: [MR], kind: volume, minimum_slices: 10}",
    preprocessing="""  - Orientationd: {axcodes: RAS}
  - ScaleIntensityRanged: {a_min: 0, a_max: 1000, b_min: 0.0, b_max: 1.0}""",
    segments=_SEGMENT.format(label=1, name="Brain", code="12738006", meaning="Brain", colour=[213, 94, 0]) +
    _SEGMENT.format(label=2, name="Neck", code="45048000", meaning="Neck", colour=[0, 158, 115]),
    measurements="  measurements: [volume, mean]\n")
CHEST = _CARD.format(
    name="chest-bands", title="Chest fields", input="{modality: [DX, CR], kind: image}",
    preprocessing="  - ScaleIntensityRanged: {a_min: 0, a_max: 4095, b_min: 0.0, b_max: 1.0}",
    segments=_SEGMENT.format(label=1, name="Right field", code="39607008", meaning="Lung", colour=[230, 159, 0]) +
    _SEGMENT.format(label=2, name="Left field", code="39607008", meaning="Lung", colour=[86, 180, 233]),
    measurements="")
RULES = ({"name": "Head MR", "when": {"Modality": "MR"}, "run": "head-bands", "send_to": ["pacs"]},
         {"name": "Radiograph", "when": {"Modality": "DX"}, "run": "chest-bands", "send_to": ["pacs"]})


def MakeModels(binaries, folder):
    """Writes it and returns it."""
    folder = pathlib.Path(folder)
    weights = folder / "weights"
    weights.mkdir(parents=True)
    subprocess.run([pathlib.Path(binaries) / "axial_make_test_models", weights], check=True)
    for name, card, file in (("head-bands", HEAD, "two_bands.pt"), ("chest-bands", CHEST, "band_by_half.pt")):
        (folder / name).mkdir()
        (folder / name / "model.yaml").write_text(card)
        shutil.move(weights / file, folder / name / "model.pt")
    for sample in ("chest-ct-lungs", "dx-position"):
        shutil.copytree(harness.ROOT / "models" / sample, folder / sample)
    return folder
