"""The timeline page in a real browser: what it draws, where, and that it fits a phone."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import urllib.parse

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="no python3-selenium")
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
if CHROMIUM is None or DRIVER is None:
    pytest.skip("no chromium with chromedriver", allow_module_level=True)

HERE = pathlib.Path(__file__).resolve().parent
LOCKSTEP = pathlib.Path(os.environ["LOCKSTEP_BUILD_DIR"]) / "cli" / "lockstep"

RETRY = "a 503 is retried after its Retry-After"
FAILING = "one request too few"
HOSTILE = "<img src=x onerror=alert(1)></script><script>alert(2)</script> & 100% #1"

MS = 1_000_000
SECOND = 1000 * MS

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--force-prefers-reduced-motion"
).split()


def write_timeline(path: pathlib.Path, *sources: str) -> pathlib.Path:
    command = [str(LOCKSTEP), "run", *sources, "--timeline", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode in (0, 1), done.stderr
    return path


class Browser:
    def __init__(self, profile: pathlib.Path):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.driver.set_page_load_timeout(60)
        self.driver.set_script_timeout(120)

    def open(self, page: pathlib.Path, name: str = "", width: int = 1280, dark: bool = False):
        metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.driver.get("about:blank")  # else a new fragment alone would not load the page again
        self.driver.get(page.as_uri() + ("#" + urllib.parse.quote(name) if name else ""))

    def js(self, script: str, *arguments):
        return self.driver.execute_script("return " + script, *arguments)

    def element(self, selector: str):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        return self.js(
            "[...document.querySelectorAll(arguments[0])].map((one) => one.textContent)", selector
        )

    def marks(self, kind: str) -> list[dict]:
        """The marks of a kind by time: their data, and where they are on the screen."""
        return self.js(
            """[...document.querySelectorAll(".mark." + arguments[0])].map((mark) => {
                 const at = mark.querySelector(".shape").getBoundingClientRect();
                 return { title: mark.dataset.title, tone: mark.dataset.tone,
                          track: mark.dataset.track, count: Number(mark.dataset.count),
                          from: Number(mark.dataset.from), to: Number(mark.dataset.to),
                          left: at.left, right: at.right, top: at.top, bottom: at.bottom };
               })""",
            kind,
        )

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def click(self, selector: str):
        self.driver.execute_script(
            "document.querySelector(arguments[0]).dispatchEvent("
            "new MouseEvent('click', { bubbles: true }))",
            selector,
        )


@pytest.fixture(scope="module", name="page")
def timeline_page(tmp_path_factory) -> pathlib.Path:
    return write_timeline(
        tmp_path_factory.mktemp("page") / "timeline.html", str(HERE / "scenarios.yaml")
    )


@pytest.fixture(scope="module", name="browser")
def headless_browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.driver.quit()


@pytest.fixture(autouse=True)
def no_complaints(browser):
    """Whatever a test does, the console stays empty."""
    browser.complaints()
    yield
    assert browser.complaints() == []


def test_a_retry_stands_at_its_virtual_time(browser, page):
    browser.open(page, RETRY)
    first, second = browser.marks("request")
    assert (first["title"], first["from"], first["to"]) == ("batch 1, attempt 1: 503", 0, 2 * MS)
    assert first["tone"] == "trouble"
    retried = 7 * SECOND + 2 * MS
    assert second["title"] == "batch 1, attempt 2: 200"
    assert (second["from"], second["to"]) == (retried, retried + 2 * MS)
    (pause,) = browser.marks("pause")
    assert (pause["from"], pause["to"]) == (2 * MS, retried)

    # Places on the screen are places in time: the pause fills what is between the two requests.
    assert first["right"] == pytest.approx(pause["left"], abs=1)
    assert pause["right"] == pytest.approx(second["left"], abs=1)
    # 7 seconds are compressed, and yet wider than 2 milliseconds.
    assert pause["right"] - pause["left"] > first["right"] - first["left"] > 40

    # The axis says so in words, and the server saw each in the middle of its request.
    ticks = browser.js(
        """[...document.querySelectorAll(".plot .at")].map((text) => {
             const at = text.getBoundingClientRect();
             return [text.textContent, (at.left + at.right) / 2];
           })"""
    )
    assert dict(ticks)["7.002 s"] == pytest.approx(second["left"], abs=2)
    assert [mark["from"] for mark in browser.marks("arrival")] == [MS, retried + MS]
    assert "429" not in browser.texts(".mark.arrival")[0]
    assert len(browser.texts(".link.again")) == 1


def test_a_day_and_a_millisecond_share_a_chart(browser, page):
    browser.open(page, "a day beside a millisecond")
    requests = browser.marks("request")
    assert [mark["to"] - mark["from"] for mark in requests] == [2 * MS, 2 * MS]
    assert requests[1]["from"] - requests[0]["from"] > 24 * 3600 * SECOND
    assert all(mark["right"] - mark["left"] > 40 for mark in requests)
    assert len(browser.texts(".folded")) == 1
    assert "1 d" in browser.texts(".plot .gap")


def test_marks_of_a_lane_do_not_cover_each_other(browser, page):
    for name in (RETRY, "a day beside a millisecond", "two clients"):
        browser.open(page, name)
        boxes = browser.marks("neutral") + browser.marks("good") + browser.marks("trouble")
        for i, one in enumerate(boxes):
            for other in boxes[i + 1 :]:
                assert (
                    one["right"] <= other["left"] + 1
                    or other["right"] <= one["left"] + 1
                    or one["bottom"] <= other["top"]
                    or other["bottom"] <= one["top"]
                ), (name, one, other)


def test_a_click_shows_every_field_of_the_trace(browser, page):
    browser.open(page, RETRY)
    browser.click(".mark.request")
    details = browser.element("#details").text
    assert "batch 1, attempt 1: 503" in details
    for words in ("send, entry", "answer, entry", "/batch/", "retry_after", "7.000000000"):
        assert words in details
    assert len(browser.texts("#trace tr.chosen")) == 2
    browser.click("#details .close")
    assert browser.element("#details").text == ""


def test_the_keyboard_goes_from_mark_to_mark(browser, page):
    browser.open(page, RETRY)
    focused = "document.activeElement.getAttribute('aria-label')"
    chart = browser.element("#scroller")
    chart.send_keys(Keys.ARROW_RIGHT)
    assert browser.js(focused) == "Test: steps 1–3, at 0 s"
    labels = set()
    for _ in range(20):
        browser.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
        labels.add(browser.js(focused))
    assert "Waits: pause 7 s, from 2 ms to 7.002 s" in labels
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.element("#details").text != ""
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert browser.element("#details").text == ""


def test_failures_come_first_and_say_what_failed(browser, page):
    browser.open(page)
    assert browser.js("document.documentElement.dataset.shown") == FAILING
    assert browser.texts("nav h2")[0] == "Failed"
    assert FAILING in browser.texts("nav a")[0]
    failure = browser.element(".failure").text
    for words in ("step 4 of 4 (assert_request_count)", "2 requests", "1 request", "--only"):
        assert words in failure
    (failed,) = [mark for mark in browser.marks("step") if mark["tone"] == "bad"]
    assert failed["title"] == "4 assert_request_count"
    assert failed["from"] == 2 * MS


def test_the_list_can_be_searched_and_followed(browser, page):
    browser.open(page)
    browser.element("#search").send_keys("clients two")
    assert browser.texts("nav li a span:nth-child(2)") == ["two clients"]
    browser.click("nav li a span")
    browser.element("nav li a").click()
    assert browser.element("h1").text == "two clients"
    assert browser.js("location.hash") == "#two%20clients"
    assert browser.texts(".labels .client") == ["main", "second"]
    assert [mark["title"] for mark in browser.marks("request")] == ["batch 1, attempt 1: 200"] * 2


def test_a_hostile_name_is_a_text(browser, page):
    browser.open(page, HOSTILE)
    assert browser.element("h1").text == HOSTILE
    assert browser.js("document.querySelectorAll('img').length") == 0


def test_nothing_is_loaded(browser, page):
    browser.open(page, RETRY)
    assert browser.js("performance.getEntriesByType('resource').map((one) => one.name)") in (
        [],
        ["data:,"],
    )


def test_it_fits_a_phone(browser, page):
    for name in (RETRY, FAILING, HOSTILE, "two clients"):
        browser.open(page, name, width=390)
        browser.click(".mark")
        assert browser.js("document.documentElement.scrollWidth") == 390, name
        assert browser.js("document.querySelector('#details').getBoundingClientRect().right") <= 390
    # The list is a screen of its own.
    assert not browser.element("nav").is_displayed()
    browser.click("#toggle")
    assert browser.element("nav").is_displayed()
    assert browser.js("document.documentElement.scrollWidth") == 390
    browser.element("nav li a").click()
    assert not browser.element("nav").is_displayed()
    assert browser.element("#scroller").is_displayed()


def test_it_is_dark_where_the_system_is(browser, page):
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    brightness = []
    for dark in (False, True):
        browser.open(page, RETRY, dark=dark)
        rgb = browser.js(ground).removeprefix("rgb(").removesuffix(")").split(",")
        brightness.append(sum(int(part) for part in rgb))
    assert brightness[0] > 650 and brightness[1] < 120


SHOW_MANY = """
const done = arguments[arguments.length - 1];
const run = JSON.parse(document.getElementById("run").textContent);
const problems = [];
addEventListener("error", (event) => problems.push(event.message));
(async () => {
  const some = run.scenarios.filter((item, index) => index % 6 === 0);
  for (const item of some) {
    location.hash = encodeURIComponent(item.key);
    await new Promise((next) => addEventListener("hashchange", () => setTimeout(next),
                                                 { once: true }));
    const complain = (what) => problems.push(item.key + ": " + what);
    if (document.documentElement.dataset.shown !== item.key) complain("not shown");
    if (!document.querySelector(".mark")) complain("empty");
    const plot = document.querySelector(".plot").outerHTML;
    if (/NaN|undefined|Infinity/.test(plot)) complain("a place that is no number");
  }
  done([run.scenarios.length, problems]);
})();
"""


def test_the_catalogue_fits_into_a_page_and_its_scenarios_are_drawn(browser, tmp_path):
    catalogue = write_timeline(tmp_path / "catalogue.html")
    assert catalogue.stat().st_size < 6_000_000
    browser.open(catalogue)
    shown, problems = browser.driver.execute_async_script(SHOW_MANY)
    assert shown > 200
    assert problems == []
