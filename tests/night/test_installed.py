"""What starts due runs by itself: written once, marked, and taken away exactly."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harvester import cli
from harvester.errors import MEANINGS, Misconfigured, State
from harvester.night import install
from harvester.night.install import Job

OTHERS = "# mine\nMAILTO=me\n0 3 * * * echo 100\\% # harvester-1\n"
CRONTAB = """#!/bin/sh
case "$1" in
-l) [ -f "$KEPT" ] || { echo "no crontab for me" >&2; exit 1; }; cat "$KEPT" ;;
-) cat > "$KEPT" ;;
esac
"""
"""As cron's own answers: a crontab is listed, or set from the standard input."""
SYSTEMCTL = """#!/bin/sh
echo "$*" >> "$CALLS"
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is all of PATH for programs that set timers; a home has none yet."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "cat"):
        (folder / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("KEPT", str(tmp_path / "crontab"))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in [name for name in os.environ if name.startswith("HARVESTER_")]:
        monkeypatch.delenv(name)
    return folder


def program(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    (folder / name).chmod(0o755)


def job(home: str = "/srv/the home", **environment: str) -> Job:
    return Job(Path(home), ["/opt/p y/python", "--home", home], environment)


def test_a_line_of_a_crontab_is_written_once_and_removed_exactly(
    path: Path, tmp_path: Path
) -> None:
    program(path, "crontab", CRONTAB)
    kept = tmp_path / "crontab"
    kept.write_text(OTHERS)
    (said,) = install.install(job(HARVESTER_KEEP="a%b 'c'"))
    once = kept.read_text()
    install.install(job(HARVESTER_KEEP="a%b 'c'"))
    assert kept.read_text() == once
    assert once.startswith(OTHERS)
    (line,) = once.removeprefix(OTHERS).splitlines()
    assert line in said
    assert line.startswith("*/15 * * * * HARVESTER_KEEP=")
    assert install.installed(job()) == [line]
    other = job("/srv/other")
    install.install(other)
    assert install.remove(job()) == ["its line in the crontab of this user"]
    assert install.remove(job()) == []
    assert install.remove(other) != []
    assert kept.read_text() == OTHERS


def test_a_line_of_a_crontab_starts_what_it_should_whatever_the_home_is_called(
    path: Path, tmp_path: Path
) -> None:
    program(path, "crontab", CRONTAB)
    home = str(tmp_path / "50% 'of' $HOME; \"x\"")
    show = tmp_path / "show"
    program(tmp_path, "show", '#!/bin/sh\nprintf "%s\\n" "$HARVESTER_KEEP" "$@"\n')
    install.install(Job(Path(home), [str(show), "--home", home], {"HARVESTER_KEEP": "a b%"}))
    line = (tmp_path / "crontab").read_text().rstrip("\n")
    # What cron does with a line: the five times go, and so does all from the first percent sign
    # that is not escaped, see crontab(5).
    command = re.split(r"(?<!\\)%", line.split(" ", 5)[5])[0].replace("\\%", "%")
    told = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == ["a b%", "--home", home]


def test_what_cron_starts_logs_to_the_system_and_sends_no_mail(path: Path, tmp_path: Path) -> None:
    program(path, "crontab", CRONTAB)
    program(path, "logger", f'#!/bin/sh\n{{ echo "$@"; cat; }} > {tmp_path}/log\n')
    program(tmp_path, "show", "#!/bin/sh\necho told\necho logged >&2\n")
    made = Job(Path("/srv/home"), [f"{tmp_path}/show"], {})
    install.install(made)
    command = (tmp_path / "crontab").read_text().split(" ", 5)[5]
    told = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert (told.stdout, told.stderr) == ("", "")  # which cron would send
    assert (tmp_path / "log").read_text().splitlines() == [f"-t {made.name}", "told", "logged"]
    assert install.remove(made) == ["its line in the crontab of this user"]


def test_a_crontab_that_cannot_be_read_is_not_written_over(path: Path, tmp_path: Path) -> None:
    program(path, "crontab", f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\necho no >&2\nexit 1\n')
    with pytest.raises(Misconfigured, match="crontab says: no") as caught:
        install.install(job())
    assert caught.value.state is State.NO_TIMER
    assert (tmp_path / "calls").read_text() == "-l\n"


def test_units_are_written_once_enabled_and_removed_exactly(path: Path, tmp_path: Path) -> None:
    program(path, "systemctl", SYSTEMCTL)
    folder = tmp_path / "config" / "systemd" / "user"
    folder.mkdir(parents=True)
    (folder / "mine.timer").write_text("mine")
    written = install.install(job())
    service, timer = (Path(file) for file in written)
    assert {file.name for file in folder.iterdir()} == {"mine.timer", service.name, timer.name}
    before = service.read_text(), timer.read_text()
    assert install.install(job()) == written
    assert (service.read_text(), timer.read_text()) == before
    assert f"--user enable --now {timer.name}" in (tmp_path / "calls").read_text()
    assert install.installed(job()) == [str(timer)]
    assert install.remove(job()) == written
    assert f"--user disable --now {timer.name}" in (tmp_path / "calls").read_text()
    assert [file.name for file in folder.iterdir()] == ["mine.timer"]
    assert install.remove(job()) == []


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze to read units")
def test_units_are_what_systemd_reads(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(path, "systemctl", SYSTEMCTL)
    home = tmp_path / '50% of $HOME "x" \\y'
    python = tmp_path / "p y"
    python.symlink_to("/bin/true")
    environment = {"HARVESTER_KEEP": 'a%b "c" \\d'}
    written = install.install(Job(home, [str(python), "--home", str(home)], environment))
    # Percent and dollar signs are doubled, and quotes and backslashes escaped: systemd.service(5).
    words = Path(written[0]).read_text()
    assert '/50%% of $$HOME \\"x\\" \\\\y"\n' in words
    monkeypatch.undo()
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--user", *written],
        capture_output=True, text=True, check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )  # fmt: skip
    about = [line for line in checked.stderr.splitlines() if "harvester-" in line]
    assert about == []
    clock = subprocess.run(
        ["systemd-analyze", "calendar", install.QUARTERS], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "*-*-* *:00/15:00" in clock.stdout


def test_without_systemd_and_cron_a_sentence_says_what_to_do(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert path.exists()
    code = cli.main(["schedule", "install", "--home", str(tmp_path / "home")])
    said = capsys.readouterr().err
    assert code == MEANINGS[State.NO_TIMER].exit_code == 19
    assert "neither a systemd user manager (systemctl --user) nor cron (crontab)" in said
    assert "harvester schedule --once" in said
    assert said.count("\n") == 1


def test_what_is_installed_is_due_runs_of_this_home_with_these_settings(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program(path, "crontab", CRONTAB)
    monkeypatch.setenv("HARVESTER_SECRETS", "/srv/secrets")
    monkeypatch.setenv("HARVESTER_TEST_TOKEN", "not-a-setting")
    home = ["--home", str(tmp_path / "home")]
    assert cli.main(["schedule", "install", *home]) == 0
    line = (tmp_path / "crontab").read_text()
    assert "HARVESTER_SECRETS=/srv/secrets" in line
    assert "not-a-setting" not in line
    assert f"-m harvester schedule --once --home {tmp_path / 'home'} # harvester-" in line
    capsys.readouterr()
    assert cli.main(["schedule", "show", "--json", *home]) == 0
    assert json.loads(capsys.readouterr().out)["started_by"] == line.splitlines()
    assert cli.main(["schedule", "remove", *home]) == 0
    assert (tmp_path / "crontab").read_text() == ""
    assert cli.main(["schedule", "remove", *home]) == 0
    assert "Nothing was installed." in capsys.readouterr().out
