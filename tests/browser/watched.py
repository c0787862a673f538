"""A browser window that keeps what a person would not see: console errors, foreign requests, policy violations."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
DESK = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=844)
SLOW_MS = 30_000
_NOTE_VIOLATIONS = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', e => {
  window.__violations.push(e.violatedDirective + ' ' + e.blockedURI);
});
"""


@contextmanager
def open_browser(executable: Path) -> Iterator[Browser]:
    """Debian's chromium with an empty profile."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(executable), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """One person's window on one bank. `faults` must stay empty."""

    def __init__(self, browser: Browser, base: str, shots: Path) -> None:
        self.base, self.shots = base, shots
        self.faults: list[str] = []
        self._context = browser.new_context(viewport=DESK, locale="en-GB")
        self._context.add_init_script(_NOTE_VIOLATIONS)
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(SLOW_MS)
        self.page.on("console", self._console)
        self.page.on(
            "pageerror",
            lambda error: self.faults.append(
                f"script error: {error} {error.stack} at {self.page.url}"
            ),
        )
        self.page.on("request", self._request)
        self.page.on("response", self._response)

    def log_in(self, email: str, password: str, code: Callable[[str], str]) -> None:
        """By the login page that an unknown visitor is sent to, and the code of the person's app."""
        self.page.goto(f"{self.base}/admin/")
        self.page.fill("input[name=username]", email)
        self.page.fill("input[name=password]", password)
        self.page.click("#login-form button[type=submit]")
        self.page.fill("input[name=code]", code(email))
        self.page.get_by_role("button", name="Continue", exact=True).click()
        self.page.wait_for_selector("text=Overview")

    def open(self, path: str) -> None:
        self.page.goto(f"{self.base}{path}")
        self.settle()

    def settle(self) -> None:
        """Wait for the page, then keep the violations it noted."""
        self.page.wait_for_load_state("load")
        for found in self.page.evaluate("window.__violations || []"):
            self.faults.append(f"content security policy: {found}")

    def click(self, name: str, *, role: str = "link") -> None:
        """Click what a person reads as `name`."""
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]
        self.settle()

    def see(self, text: str) -> None:
        """Wait until this text is on the page."""
        self.page.get_by_text(text).first.wait_for()

    def text(self, selector: str) -> str:
        return self.page.locator(selector).first.inner_text()

    def shoot(self, name: str, *, whole: bool = True) -> None:
        self.page.evaluate("window.scrollTo(0, 0)")
        self.page.screenshot(path=self.shots / f"{name}.png", full_page=whole)

    def phone(self, name: str) -> None:
        """A picture at phone width, where nothing may stick out sideways."""
        self.page.set_viewport_size(PHONE)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            self.faults.append(f"{name} is {width} px wide on a phone")
        self.shoot(name)
        self.page.set_viewport_size(DESK)

    def theme(self, name: str) -> None:
        """light or dark, from the next page on."""
        self.page.evaluate("name => localStorage.setItem('adminTheme', JSON.stringify(name))", name)

    def speak(self, language: str) -> None:
        """en or zh-hans, from the next page on."""
        cookie = {"name": "django_language", "value": language, "url": self.base}
        self._context.add_cookies([cookie])  # type: ignore[list-item]

    def close(self) -> None:
        self._context.close()

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text} at {self.page.url}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.faults.append(f"outside request: {request.url}")

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status} for {response.url}")
