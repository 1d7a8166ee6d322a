"""A document on its way when everything was killed is removed by the next start, and no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

DOWNLOAD = """
import asyncio, sys
from harvester.browser import open_browser

async def download():
    async with open_browser() as browser:
        page = await browser.new_page()
        await page.set_content("<a download='bill.pdf' href='data:application/pdf,bill'>bill</a>")
        async with page.expect_download() as coming:
            await page.click("a")
        print(await (await coming.value).path(), flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(download())
"""


def downloading(folder: Path) -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen(
        [sys.executable, "-c", DOWNLOAD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        start_new_session=True, env={**os.environ, "TMPDIR": f"{folder}"},
    )  # fmt: skip
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_what_a_power_cut_left_is_removed_and_what_is_in_use_stays(tmp_path: Path) -> None:
    process, left = downloading(tmp_path)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert left.read_bytes() == b"bill"
    assert left.parent.parent == tmp_path
    first, one = downloading(tmp_path)
    assert not left.parent.exists()
    second, two = downloading(tmp_path)
    assert one.read_bytes() == two.read_bytes() == b"bill"
    for each in (first, second):
        each.communicate()
        assert each.returncode == 0
    assert [*tmp_path.glob("harvester-*")] == []
