"""What libAxialOrthanc.so shows and brings into Orthanc's process, and under which licences its parts are.

Usage: check_library.py LIBRARY NM LDD
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENTRY_POINTS = {"OrthancPluginInitialize", "OrthancPluginFinalize", "OrthancPluginGetName", "OrthancPluginGetVersion"}
# What runs models or decodes pixels stays in the workers.
NEVER = re.compile(r"lib(torch|c10|caffe2|onnx|opencv|openjp|dcmjpeg|dcmjpls|dcmimage|dcmseg|dcmsr|openblas|cuda|cudart)\w*\.so")
GPL = "SPDX-License-Identifier: GPL-3.0-or-later"
SOURCES = {".cc", ".h", ".js", ".mjs", ".in", ".py", ".sql"}


def Run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout


def CheckExports(nm, library):
    exported = {line.split()[-1] for line in Run(nm, "--dynamic", "--defined-only", library).splitlines()}
    if exported != ENTRY_POINTS:
        yield f"exports {sorted(exported)[:20]} instead of the four entry points of an Orthanc plugin"


def CheckLibraries(ldd, library):
    needed = Run(ldd, library)
    if "libdcmdata" not in needed:
        yield f"ldd does not say what it needs: {needed}"
    for name in sorted({match.group(0) for match in NEVER.finditer(needed)}):
        yield f"brings {name} into Orthanc's process"
    if "not found" in needed:
        yield f"needs what is not there: {[line for line in needed.splitlines() if 'not found' in line]}"


def CheckLicences():
    """The unit is GPL-3.0-or-later, file by file; nothing else is, and nothing else uses a file of the unit."""
    files = [ROOT / name for name in Run("git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard").splitlines()]
    files = [file for file in files if file.is_file()]
    unit = [file for file in files if file.relative_to(ROOT).parts[0] == "orthanc-plugin"]
    if len(unit) < 8 or len(files) < 300:
        yield f"only {len(unit)} files of the plugin and {len(files)} in all are found"
    if "GNU GENERAL PUBLIC LICENSE" not in (ROOT / "orthanc-plugin" / "LICENSE").read_text():
        yield "orthanc-plugin/LICENSE is not the GPL"
    if "Apache License" not in (ROOT / "LICENSE").read_text():
        yield "LICENSE is not the Apache License"
    for file in files:
        name = str(file.relative_to(ROOT))
        if file.suffix not in SOURCES or file == pathlib.Path(__file__).resolve():
            continue
        text = file.read_text(errors="replace")
        if file in unit and GPL not in text.splitlines()[0]:
            yield f"{name}: its first line does not say {GPL}"
        if file not in unit and re.search(r"SPDX-License-Identifier:(?! Apache-2\.0)", text):
            yield f"{name}: is under another licence than the Apache License"
        if file not in unit and not name.startswith("tests/") and re.search(r'#\s*include\s*["<](orthanc-plugin|orthanc)/', text):
            yield f"{name}: includes what is under the GPL"


def Main():
    library, nm, ldd = sys.argv[1:]
    problems = [*CheckExports(nm, library), *CheckLibraries(ldd, library), *CheckLicences()]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(Main())
