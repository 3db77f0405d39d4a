"""Pack the chapters as notebooks, ready to open and to run, and say where they are.

Usage: python tools/archive.py

The same chapters give the same bytes.
"""

import sys
import zipfile
from pathlib import Path

import yaml

from book import NAME, ROOT, TAKE_ALONG, whole

ZIP = TAKE_ALONG / f"{NAME}-notebooks.zip"
DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can hold


def members() -> dict[str, bytes]:
    """Return what is in the zip file: names and contents."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    readme = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")
    filled = readme.format(version=cited["version"], place=cited["repository-code"])
    files = {"README.txt": filled.encode()}
    for name in ("LICENSE", "LICENSE-CONTENT"):
        files[name] = (ROOT / name).read_bytes()
    # Only what the chapters need, as on Binder.
    files["requirements.txt"] = (ROOT / ".binder" / "requirements.txt").read_bytes()
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        files[f"chapters/{path.name}"] = path.read_bytes()
    return files


def write(path: Path = ZIP) -> Path:
    """Write the zip file, which is there whole or not at all; return its path."""
    with (
        whole(path) as part,
        zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed,
    ):
        for name, content in members().items():
            entry = zipfile.ZipInfo(f"{NAME}/{name}", DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, content)
    return path


if __name__ == "__main__":
    print(f"The notebooks are in {write().as_uri()}")
    sys.exit(0)
