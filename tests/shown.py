"""A person before the browser, who knows what to answer and where to click."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Browser, Locator, Page, expect

Answer = str | Callable[[Page], Awaitable[None]]


class Scripted:
    """A person who knows an answer, or something to do on the page, for each question in turn."""

    def __init__(self, browser: Browser, script: list[tuple[str, Answer]]) -> None:
        self._browser = browser
        self.left = [*script]
        self.heard: list[str] = []

    async def ask(self, question: str) -> str:
        known, answer = self.left.pop(0)
        assert known in question, f"asked {question!r} in place of {known!r}; heard {self.heard}"
        if isinstance(answer, str):
            return answer
        page = self._browser.contexts[-1].pages[-1]
        page.set_default_timeout(8000)
        await answer(page)
        return ""

    def tell(self, said: str) -> None:
        self.heard.append(said)


def click(of: Callable[[Page], Locator], then: Callable[[Page], Locator] | None = None) -> Answer:
    """Click something, and wait until something else is there."""

    async def act(page: Page) -> None:
        await of(page).click()
        if then:
            await expect(then(page)).to_be_visible()

    return act


def css(selector: str) -> Callable[[Page], Locator]:
    return lambda page: page.locator(selector)


def button(name: str) -> Callable[[Page], Locator]:
    return lambda page: page.get_by_role("button", name=name).first


def link(name: str) -> Callable[[Page], Locator]:
    return lambda page: page.get_by_role("link", name=name)


def about(time_zone: str = "America/Chicago") -> list[tuple[str, Answer]]:
    return [("utility called", "Plains & Lakeside"), ("Short name", "mine"), ("zone", time_zone)]
