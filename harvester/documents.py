"""Clicks a document control and returns the bytes, whichever way the portal hands them over."""

from __future__ import annotations

import asyncio
import base64
import re
from contextlib import suppress

from playwright.async_api import Download, Locator, Page, Response
from playwright.async_api import Error as PlaywrightError

from harvester.errors import BadData, State
from harvester.portal import Portal

GRACE = 1.0
"""Seconds in which a download may still follow a reply, or a document a page."""

_LEADS_ON = re.compile(
    rb"http-equiv\s*=\s*[\"']?refresh|\blocation(\.href)?\s*=[^=]|\blocation\.(replace|assign)\(",
    re.IGNORECASE,
)
"""What a page has that another one follows, such as "Your bill is being prepared"."""

_BLOB = """async url => {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192)
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}"""


def is_pdf(content: bytes) -> bool:
    """Tell whether bytes begin as a PDF does, whatever they were called."""
    return b"%PDF-" in content[:1024]


async def capture(portal: Portal, control: Locator) -> tuple[str, bytes]:
    """Return URL and bytes of the document; BadData(NOT_YET_AVAILABLE) where none comes.

    Raced are a download (attachment, form postback, headless PDF navigation), a PDF reply to a
    script, a tab with a blob: and a tab with a viewer.  The bytes are not judged here.
    """
    seconds = portal.profile.pace.reply_seconds / 2
    race = _Race(portal)
    try:
        await portal.click(control)
        async with asyncio.timeout(seconds):
            won = await race.won
    except TimeoutError:
        raise BadData(
            State.NOT_YET_AVAILABLE,
            f"No document came within {seconds:.0f} seconds of its click; the next run asks again.",
        ) from None
    finally:
        await race.close()
    portal.covered |= await portal.beneath(control)
    return won


class _Race:
    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.won: asyncio.Future[tuple[str, bytes]] = asyncio.get_running_loop().create_future()
        self.downloading = asyncio.Event()
        self.coming = asyncio.Event()
        self.tabs: list[Page] = []
        self.tasks: set[asyncio.Task[None]] = set()
        portal.page.on("download", self._download)
        portal.context.on("page", self._tab)
        portal.context.on("response", self._response)

    async def close(self) -> None:
        self.portal.page.remove_listener("download", self._download)
        self.portal.context.remove_listener("page", self._tab)
        self.portal.context.remove_listener("response", self._response)
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for tab in self.tabs:
            await tab.close()

    def _win(self, url: str, content: bytes) -> None:
        # The body of a reply that a script took as a blob is empty here: another path has it.
        if content and not self.won.done():
            self.won.set_result((url, content))

    def _lose(self, failure: BadData) -> None:
        if not self.won.done():
            self.won.set_exception(failure)

    def _run(self, work: object) -> None:
        async def quietly() -> None:
            with suppress(PlaywrightError):
                await work  # type: ignore[misc]

        task = asyncio.ensure_future(quietly())
        self.tasks.add(task)

    def _download(self, download: Download) -> None:
        self.downloading.set()
        self.coming.set()
        self._run(self._keep(download))

    def _tab(self, tab: Page) -> None:
        self.tabs.append(tab)
        tab.on("download", self._download)
        self._run(self._read_tab(tab))

    def _response(self, response: Response) -> None:
        kind = response.headers.get("content-type", "").lower()
        if "pdf" in kind:
            self.coming.set()
            self._run(self._read(response))
        elif "html" in kind and response.request.is_navigation_request():
            self._run(self._read_page(response))

    async def _keep(self, download: Download) -> None:
        try:
            content = await asyncio.to_thread((await download.path()).read_bytes)
        except PlaywrightError:
            broken = "The document broke off before its end; it is asked for again."
            self._lose(BadData(State.NOT_YET_AVAILABLE, broken))
            return
        await download.delete()
        self._win(download.url, content)

    async def _read(self, response: Response) -> None:
        if response.request.resource_type in {"fetch", "xhr"}:
            self._win(response.url, await response.body())
        if await _follows(self.downloading):
            return
        # A viewer shows it, or a script took it as a blob: the reply's body is the viewer's own
        # page, or nothing, so ask for it once more.
        if response.request.method == "GET" and self.portal.answers.declared(response.url):
            self.portal.wire.count(response.url)
            again = await self.portal.context.request.get(response.url)
            self._win(response.url, await again.body())

    async def _read_page(self, response: Response) -> None:
        """Take a page in place of the document, unless one comes: it says that none will.

        One that leads on by itself says that one may, however long that is made.
        """
        with suppress(PlaywrightError):  # the frame of a new tab is not known yet: it is on top
            if response.frame.parent_frame is not None:
                return
        content = await response.body()
        if not await _follows(self.coming) and not _LEADS_ON.search(content):
            self._win(response.url, content)

    async def _read_tab(self, tab: Page) -> None:
        await tab.wait_for_load_state("commit" if tab.url == "about:blank" else "load")  # type: ignore[arg-type]
        if tab.url.startswith("blob:"):
            text = await self.portal.page.evaluate(_BLOB, tab.url)
            self._win(tab.url, base64.b64decode(text))


async def _follows(event: asyncio.Event) -> bool:
    """Tell whether it happens within the time of grace."""
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE):
            return await event.wait()
    return False
