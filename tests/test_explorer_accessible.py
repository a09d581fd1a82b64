"""The explorer for every reader: by keyboard, by ear, in the dark, in forced colours, enlarged, on a small screen."""

from pathlib import Path

import numpy as np
import pytest
from explored import SETTLED, Explored

import conjac as cj

pytestmark = pytest.mark.browser

CHECKS = Path(__file__).with_name("accessibility.js").read_text(encoding="utf-8").strip()
HOSTILE = ('<script>alert("1")</script> \' $x_1$', '"مرحبا بالعالم" 🎉 ' + "long" * 50)
WIDTHS = (320, 390, 800, 1400)
TALL = 12_000
"""A window that shows all of a page, so that what lies behind a text can be asked for."""
RNG = np.random.default_rng(0)
N = 300
Y = (RNG.random(N) < 0.4).astype(int)
X = RNG.normal(size=(N, 3)) + Y[:, None]
SCORE = 1 / (1 + np.exp(-RNG.normal(2 * Y - 1, 1)))
FIRST = '{"group": "", "metric": "f1", "moving": "threshold", "coordinate": "probability"}'


def plain_page():
    by = np.array(["north", "south"])[np.arange(N) % 2]
    return cj.Explorer.from_predictions(Y, SCORE, X=X, by=by, surface=False, subject_to=["recall >= .9"])


def hostile_page():
    labels, by = (np.array(HOSTILE, dtype=object)[which] for which in (Y, np.arange(N) % 2))
    title = HOSTILE[0] + HOSTILE[1]
    return cj.Explorer.from_predictions(labels, SCORE, labels=HOSTILE, by=by, title=title, X=X, surface=False)


PAGES = {"plain": plain_page, "hostile": hostile_page}


@pytest.fixture(scope="module")
def opened(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("accessible")
    made = {}
    for name, page in PAGES.items():
        made[name] = Explored(browser, page().save(folder / f"{name}.html").as_uri())
    yield made
    for page in made.values():
        page.close()


@pytest.fixture(params=PAGES)
def page(request, opened):
    """Lend a page as it was opened, its pictures drawn."""
    one = opened[request.param]
    one.tab.set_viewport_size({"width": 1400, "height": 900})
    one.restore(FIRST)
    for place in (
        "section:has(h2:text('Along the slider'))",
        "section:has(h2:text('Trade-off'))",
        "[data-conjac=points]",
    ):
        one.drawn(place)
    one.tab.evaluate("scrollTo(0, 0)")
    yield one
    one.tab.emulate_media(media="screen", color_scheme="light", forced_colors="none")
    one.tab.evaluate(
        "document.querySelectorAll('style').forEach((style, k) => k && style.dataset.test && style.remove())"
    )
    assert one.faults() == []


def failing(page, check):
    return page.tab.evaluate(f"{CHECKS}.{check}()")


def settled(page, check):
    """Wait for a check to pass while pictures are drawn again, for a while."""
    for _ in range(20):
        found = failing(page, check)
        if not found:
            break
        page.tab.wait_for_timeout(150)
    return found


def styled(page, style):
    page.tab.evaluate(
        "(text) => { const style = document.createElement('style'); style.dataset.test = 1;"
        " style.textContent = text; document.body.append(style); }",
        style,
    )


@pytest.mark.parametrize("check", ["controls", "references", "tables", "headings", "targets"])
def test_what_is_seen_is_also_told(page, check):
    assert failing(page, check) == []


def test_there_is_one_of_each_landmark_and_regions_have_names(page):
    assert failing(page, "landmarks") == ["footer"]  # an explorer has nothing to say there


def test_pictures_are_told_in_words(page):
    told = page.tab.locator(".chart").evaluate_all("all => all.map((one) => [one.role, one.ariaLabel])")
    assert len(told) >= 4
    for role, words in told:
        assert role == "img"
        assert len(words.split(". ", 1)) == 2
    assert page.tab.locator(".chart :is(a, button, [tabindex])").count() == 0


@pytest.mark.parametrize(("scheme", "forced"), [("light", "none"), ("dark", "none"), ("dark", "active")])
def test_every_text_stands_out_from_what_lies_behind_it(page, scheme, forced):
    page.tab.set_viewport_size({"width": 1400, "height": TALL})
    page.tab.emulate_media(color_scheme=scheme, forced_colors=forced)
    assert settled(page, "contrast") == []
    paper, ink = failing(page, "paper")
    assert (paper > ink) == (scheme == "light")


def test_everything_is_reached_by_keys_in_the_order_of_the_page_and_back(page):
    controls = page.tab.locator("button, input, select, textarea").count()
    page.tab.locator("h1").click()
    reached = walked(page, "Tab", controls)
    back = walked(page, "Shift+Tab", controls)
    assert [name for name, _, _ in back] == [name for name, _, _ in reached][::-1]
    for _, follows, hidden in reached:
        assert follows
        assert hidden == []
    assert [hidden for _, _, hidden in back if hidden] == []


def walked(page, key, least):
    """Press a key until it has been everywhere; return what was reached, if it follows, and if it is hidden."""
    script = f"""(back) => {{
        const node = document.activeElement;
        if (node === document.body) return null;
        const last = window.reached && document.contains(window.reached) ? window.reached : null;
        const follows = !last || Boolean(last.compareDocumentPosition(node) & (back ? 2 : 4));
        window.reached = node;
        return [node.outerHTML.slice(0, 200), follows, {CHECKS}.hidden()];
    }}"""
    page.tab.evaluate("delete window.reached")
    found = []
    for _ in range(3 * least):
        page.tab.keyboard.press(key)
        one = page.tab.evaluate(script, key != "Tab")
        if one is None or one[0] in [name for name, *_ in found]:
            break
        found.append(one)
    assert len(found) >= least - 2
    return found


def test_what_has_the_focus_is_seen(page):
    page.tab.keyboard.press("Tab")
    assert failing(page, "focus") == []


def test_the_slider_tells_where_it_stands(page):
    slider = page.tab.locator("[data-conjac=threshold]")
    before = slider.get_attribute("aria-valuetext")
    slider.press("PageUp")
    told = slider.get_attribute("aria-valuetext")
    assert told != before
    assert told.endswith("of the rows predicted positive")
    spoken = page.tab.locator(".spoken[aria-live]")
    assert spoken.get_attribute("aria-live") == "polite"
    page.tab.wait_for_timeout(SETTLED)
    assert spoken.text_content() == page.tab.locator(".lead").text_content()


def test_cells_are_read_one_by_one_with_the_arrow_keys(page):
    grids = page.tab.locator("table[role=grid]")
    for grid in (grids.first, grids.nth(1)):
        assert grid.locator("[tabindex='0']").count() == 1
        grid.locator("[data-cell='0,0']").focus()
        told = []
        for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowUp"):
            page.tab.keyboard.press(key)
            told.append(page.tab.evaluate("document.activeElement.dataset.cell"))
            assert page.tab.locator(".cell-told").text_content()
        assert told == ["0,1", "1,1", "1,0", "0,0", "0,0"]
        assert grid.locator("[tabindex='0']").count() == 1
    assert page.tab.locator(".cell-told").text_content().startswith("Its Jacobian, true")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_out_of_reach(page, width):
    page.tab.set_viewport_size({"width": width, "height": 900})
    page.tab.wait_for_timeout(200)
    assert failing(page, "reach") == []
    assert failing(page, "targets") == []


@pytest.mark.parametrize("width", [390, 1400])
def test_text_is_enlarged_without_loss(page, width):
    page.tab.set_viewport_size({"width": width, "height": 900})
    before = failing(page, "sizes")
    styled(page, "html { font-size: 200% }")
    assert failing(page, "sizes") == pytest.approx([2 * size for size in before])
    page.tab.wait_for_timeout(200)
    assert failing(page, "reach") == []


def test_text_is_spaced_without_loss(page):
    page.tab.set_viewport_size({"width": 390, "height": 900})
    spaced = "line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important"
    unspaced = "letter-spacing: normal !important; word-spacing: normal !important"  # text of pictures is laid out
    styled(page, f"* {{ {spaced} }} svg, svg * {{ {unspaced} }} p {{ margin-bottom: 2em !important }}")
    page.tab.wait_for_timeout(100)
    assert failing(page, "reach") == []


def test_a_low_window_is_not_filled_by_what_stays_in_place(page):
    page.tab.set_viewport_size({"width": 390, "height": 450})  # a phone on its side, or a page enlarged twice
    page.tab.evaluate("scrollTo(0, 1500)")
    top = page.tab.locator(".controls").bounding_box()
    assert top["y"] + top["height"] <= 225


def test_paper_is_light_whatever_the_screen(page):
    page.tab.set_viewport_size({"width": 1400, "height": TALL})
    page.tab.emulate_media(media="print", color_scheme="dark")
    paper, ink = failing(page, "paper")
    assert paper == 1
    assert ink < 0.05
    assert settled(page, "contrast") == []
