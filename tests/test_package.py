"""What is shipped works without the checkout, and what it is built from is pinned."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parent.parent


def test_the_wheel_runs_from_an_empty_folder_with_all_its_data(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with ZipFile(wheel) as archive:
        archive.extractall(installed)
    script = (
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "from pathlib import Path\n"
        "import harvester\n"
        "from harvester import profile\n"
        "from harvester.filing import Store\n"
        "from harvester.sandbox import site\n"
        "assert Path(harvester.__file__).is_relative_to(sys.path[0]), harvester.__file__\n"
        "assert profile.shipped().is_relative_to(sys.path[0])\n"
        "print(profile.load('caec').name)\n"
        f"Store(Path({str(tmp_path / 'home')!r}))\n"
        "print(sorted(p.suffix for p in site.HERE.rglob('portal.*')))\n"
        "site._templates().get_template('billing.html')\n"
        "from harvester.sandbox.portals import canvas, forms\n"
        "from harvester.survey import place\n"
        "profile.load('example-forms'), profile.load('example-canvas')\n"
        "forms._templates().get_template('usage.html')\n"
        "assert (canvas.HERE / 'static' / 'canvas.js').is_file()\n"
        "assert all(place.script(f'{n}.js') for n in ('pointer', 'describe', 'row', 'label'))\n"
    )
    told = subprocess.run(
        [sys.executable, "-I", "-c", script],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        "Central Alabama Electric Cooperative",
        "['.css', '.js']",
    ]


def test_every_dependency_is_pinned_with_its_hash_and_no_host_is_named() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^([a-z0-9._-]+)==\S+", lock, re.MULTILINE)
    named = re.findall(
        r'^  "([A-Za-z0-9-]+)[><=]=', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert {name.lower() for name in named} <= set(pins)
    assert lock.count("--hash=sha256:") >= len(pins)
    assert not re.search(r"https?://|--index-url|--find-links", lock)
