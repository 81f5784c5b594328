"""A real Chromium without a window: what it shows, what it says on its console, and every request that it makes."""

import json
import os
import shutil

import pytest

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--lang=en",
)


class Browser:
    """Selenium's driver, and what a test asks of it."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, address):
        """Open a file or an address; what the console and the network said before is forgotten."""
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(address.as_uri() if hasattr(address, "as_uri") else address)

    def run(self, script, *arguments):
        """What JavaScript returns."""
        return self.driver.execute_script(script, *arguments)

    def resize(self, width, height=900):
        """A viewport of exactly so many CSS pixels, also narrower than a window can be."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
        )

    def media(self, kind="", **features):
        """Emulate a medium ("print") and features: prefers_color_scheme="dark", prefers_reduced_motion="reduce"."""
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": kind, "features": named})

    def script(self, *, on):
        """Let pages run scripts or not, from the next page on."""
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not on})

    def complaints(self):
        """All that the console said since the page was opened, errors and warnings."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """The address of every request since the page was opened."""
        events = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def press(self, *keys):
        """Press keys where the focus is."""
        from selenium.webdriver import ActionChains

        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def find(self, selector):
        """The first element of a CSS selector."""
        return self.driver.find_element("css selector", selector)

    def find_all(self, selector):
        """All elements of a CSS selector."""
        return self.driver.find_elements("css selector", selector)

    def text(self, selector):
        """The text of an element as it is shown."""
        return self.find(selector).text

    def picture(self, file, *, whole=True):
        """A screenshot, of the whole page or of what is in view."""
        import base64

        taken = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole})
        file.write_bytes(base64.b64decode(taken["data"]))

    def print_pdf(self, file, *, landscape=False):
        """The page as it is printed on A4."""
        import base64

        page = {"paperWidth": 8.27, "paperHeight": 11.69, "landscape": landscape, "printBackground": False}
        file.write_bytes(base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", page)["data"]))


def start(profile, chromium=CHROMIUM):
    """A browser with a new, empty profile."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (*ARGUMENTS, f"--user-data-dir={profile}", "--window-size=1280,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    return Browser(webdriver.Chrome(options=options, service=service))


def _lacking(what):
    reason = f"{what} is not installed (Debian: chromium chromium-driver; pip: selenium)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def _chromium(tmp_path_factory):
    try:
        import selenium  # noqa: F401
    except ImportError:
        _lacking("selenium")
    for program in ("chromium", "chromedriver"):
        if not shutil.which(program):
            _lacking(program)
    browser = start(tmp_path_factory.mktemp("profile"), shutil.which("chromium"))
    yield browser
    browser.driver.quit()


@pytest.fixture
def browser(_chromium):
    """The one Chromium of this run; each test finds it on an empty page of 1280 × 900, with scripts, in the light."""
    _chromium.script(on=True)
    _chromium.media()
    _chromium.resize(1280)
    _chromium.open("about:blank")
    return _chromium
