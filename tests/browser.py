"""A real browser without a screen, for the tests of pages: Debian's Chromium and its driver."""

import shutil
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
DRIVER = "chromedriver"

FLAGS = (
    "--headless",
    "--no-sandbox",  # root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    # It asks Google for nothing.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

PHONE = (375, 812)
DESKTOP = (1280, 900)
DENSITY = 1.5  # pixels of a picture for one of CSS


@dataclass(frozen=True, slots=True)
class Browser:
    """Chromium, with what the tests ask of it."""

    driver: Chrome

    def resize(self, size: tuple[int, int], *, dark: bool = False) -> None:
        """A screen of that width and height in CSS pixels. A window cannot be as narrow."""
        width, height = size
        metrics = {
            "width": width,
            "height": height,
            "deviceScaleFactor": DENSITY,
            "mobile": size == PHONE,
        }
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def without_script(self, *, off: bool) -> None:
        """Whether the pages opened from now on go without JavaScript."""
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": off})

    def open(self, url: str) -> None:
        """Loads the page, and forgets what was complained of before."""
        self.complaints()
        self.driver.get(url)

    def complaints(self) -> list[str]:
        """What the console has said since the last time: errors and refusals of the CSP."""
        return [entry["message"] for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def text(self, selector: str) -> str:
        """What a person reads there, in the first place of that kind; empty where it is hidden."""
        return "".join(self.texts(selector)[:1])

    def texts(self, selector: str) -> list[str]:
        """As `text`, of each, all of one moment."""
        read = """return Array.from(document.querySelectorAll(arguments[0]),
                  (found) => found.checkVisibility() ? found.innerText.trim() : "")"""
        found: list[str] = self.driver.execute_script(read, selector)
        return found

    def overflow(self) -> int:
        """By how many pixels the page is wider than the screen."""
        wider = "const e = document.documentElement; return e.scrollWidth - e.clientWidth"
        return int(self.driver.execute_script(wider))

    def picture(self, path: Path) -> None:
        """The whole page as a PNG, as far down as one can scroll."""
        size = """const e = document.documentElement
                  return {width: e.clientWidth, height: e.scrollHeight}"""
        clip = {"x": 0, "y": 0, "scale": 1, **self.driver.execute_script(size)}
        shot = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip}
        )
        path.write_bytes(b64decode(shot["data"]))


def find() -> tuple[str, str] | None:
    """Browser and driver; None where either is missing."""
    chromium = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    driver = shutil.which(DRIVER)
    return (chromium, driver) if chromium and driver else None


def start(profile: Path) -> Browser:
    """A new browser with an empty profile. Raises FileNotFoundError where there is none."""
    found = find()
    if found is None:
        message = "no chromium and chromedriver on PATH: apt-get install chromium chromium-driver"
        raise FileNotFoundError(message)
    chromium, driver = found
    options = ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = Chrome(options=options, service=ChromeService(driver))
    chrome.set_page_load_timeout(30)
    return Browser(chrome)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for the module's tests. Where there is none, they are left out."""
    try:
        started = start(tmp_path_factory.mktemp("profile"))
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
    yield started
    started.driver.quit()
