"""How tests of the explorer drive its page: what it shows is read from the page, and nothing else may happen there."""

import numpy as np

READY = "html[data-conjac=ready]"
SETTLED = 350
"""Milliseconds after which a move is in the address."""
WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => {
  violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
MOVED = """(values) => {
  const slider = document.querySelector(":is([data-conjac=threshold], [data-conjac=offset])");
  const box = document.querySelector("[data-conjac=value]");
  const cells = [...document.querySelector("table[role=grid]").querySelectorAll("[data-cell] .big")];
  return values.map((value) => {
    slider.value = value;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    return [box.value, ...cells.map((cell) => cell.textContent)];
  });
}"""


class Explored:
    """A page in a tab of its own, and all that goes wrong in it."""

    def __init__(self, browser, address, **context):
        self.wrong = []
        self.address = address
        self.context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}} | context)
        self.tab = self.context.new_page()
        self.tab.set_default_timeout(10_000)
        self.tab.add_init_script(WATCH)
        self.tab.on("console", lambda said: said.type in ("error", "warning") and self._console(said))
        self.tab.on("pageerror", lambda error: self.wrong.append(f"{error}\n{error.stack}"[:2000]))
        self.tab.on("request", lambda asked: self._request(asked.url))
        self.open()

    def _console(self, said):
        if "GPU stall" not in said.text and "willReadFrequently" not in said.text:  # of a browser without a GPU
            self.wrong.append(said.text)

    def _request(self, url):
        if not url.startswith(("blob:", "data:")) and url.split("#")[0] != self.address:
            self.wrong.append(f"asked for {url}")

    def open(self, fragment=""):
        self.tab.goto("about:blank")
        self.tab.goto(self.address + fragment)
        self.tab.wait_for_selector(READY)

    def close(self):
        self.context.close()

    def faults(self):
        """Return, and forget, what went wrong."""
        found, self.wrong = [*self.wrong, *self.tab.evaluate("violations.splice(0)")], []
        return found

    def at(self):
        return float(self.tab.locator("[data-conjac=value]").input_value())

    def matrix(self):
        return cells(self.tab.locator("table[role=grid]").first.locator("[data-cell] .big").all_text_contents())

    def moved(self, values):
        """Move the slider to each of some values; return where it stands then, and the matrices shown there."""
        found = self.tab.evaluate(MOVED, [float(value) for value in values])
        return [(float(at), cells(shown)) for at, *shown in found]

    def choose(self, what, label):
        self.tab.locator(f"[data-conjac={what}]").select_option(label=label)

    def row(self, metric):
        """Return a row of the table of metrics, as texts."""
        return self.tab.locator(f"tr[data-metric='{metric}'] > *").all_text_contents()

    def text(self, data):
        """Return what a button writes into the box of states."""
        self.tab.locator(f"[data-conjac={data}]").click()
        return self.tab.locator("[data-conjac=state]").input_value()

    def restore(self, text):
        self.tab.locator("[data-conjac=state]").fill(text)
        self.tab.locator("[data-conjac=restore]").click()

    def drawn(self, where):
        """Wait until the pictures in a part of the page are drawn."""
        part = self.tab.locator(where).first
        part.scroll_into_view_if_needed()
        part.locator(".main-svg").first.wait_for()
        return part


def number(text):
    return float(text.replace(",", "").replace("−", "-").replace("–", "nan"))


def cells(texts):
    return np.array([number(text) for text in texts]).reshape(round(len(texts) ** 0.5), -1)
