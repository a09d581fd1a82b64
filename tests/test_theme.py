"""The palettes: contrast, told apart by everybody, and the same colour for the same thing in the dark."""

import itertools
import re

import numpy as np
import pytest
from matplotlib.figure import Figure

from conjac.views.charts.colours import theme_of
from conjac.views.theme import DARK, LIGHT, N_DIVERGING, N_SEQUENTIAL, contrast, css, luminance, theme_on

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
# What dichromats see, in linear light (Machado, Oliveira & Fernandes 2009, severity 1).
SEEN_BY = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "all": np.eye(3),
}


def lab(colour, seen_by="all"):
    """Return CIE L*a*b* of a colour as somebody sees it."""
    share = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(SEEN_BY[seen_by]) @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    f = np.cbrt(xyz / [0.9505, 1.0, 1.089])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def apart(one, other, seen_by):
    return float(np.linalg.norm(lab(one, seen_by) - lab(other, seen_by)))


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # the well-known near miss
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


@THEMES
def test_text_can_be_read_wherever_it_stands(theme):
    for ground in (theme.paper, theme.wash, theme.accent_wash, theme.warm_wash):
        assert contrast(theme.ink, ground) >= 7
        assert min(contrast(colour, ground) for colour in (theme.muted, theme.accent)) >= 4.5


@THEMES
def test_lines_stand_out_from_the_paper(theme):
    assert min(contrast(colour, theme.paper) for colour in (*theme.series, theme.warm, theme.muted)) >= 3


@THEMES
@pytest.mark.parametrize("seen_by", SEEN_BY)
def test_lines_are_told_apart_by_everybody(theme, seen_by):
    # the first four are what one picture holds; further ones have dashes and markers of their own as well
    assert min(apart(a, b, seen_by) for a, b in itertools.combinations(theme.series[:3], 2)) > 20


@THEMES
@pytest.mark.parametrize("seen_by", SEEN_BY)
def test_the_ends_of_the_diverging_scale_are_told_apart_by_everybody(theme, seen_by):
    low, middle, high = (theme.diverging[k] for k in (0, N_DIVERGING // 2, -1))
    assert min(apart(low, high, seen_by), apart(low, middle, seen_by), apart(middle, high, seen_by)) > 30


@THEMES
def test_scales_run_one_way_from_their_middle_and_their_start(theme):
    sign = 1 if theme is LIGHT else -1  # in the dark, more is brighter
    bright = [sign * luminance(colour) for colour in theme.diverging]
    middle = N_DIVERGING // 2
    assert bright[: middle + 1] == sorted(bright[: middle + 1])
    assert bright[middle:] == sorted(bright[middle:], reverse=True)
    assert len(theme.sequential) == N_SEQUENTIAL
    one_way = [sign * luminance(colour) for colour in theme.sequential]
    assert one_way == sorted(one_way, reverse=True)


@pytest.mark.parametrize("name", ["diverging", "sequential"])
def test_a_cell_can_be_read_at_every_shade_and_by_the_same_text_in_the_dark(name):
    chosen = {}
    for theme in (LIGHT, DARK):
        scale = getattr(theme, name)
        assert [k for k, colour in enumerate(scale) if contrast(theme.text_on(colour), colour) < 4.5] == []
        chosen[theme.name] = [theme.text_on(colour) == theme.strong for colour in scale]
    assert chosen["light"] == chosen["dark"]
    assert set(chosen["light"]) == {True, False}


def test_a_colour_of_the_light_page_has_one_of_the_dark():
    light, dark = LIGHT.variables(), DARK.variables()
    assert light.keys() == dark.keys()
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in (*light.values(), *dark.values()))
    for one, other in itertools.combinations(light, 2):
        if light[one] == light[other]:
            assert dark[one] == dark[other], (one, other)


def test_the_page_holds_both_and_prints_the_light_one():
    text = css()
    assert "color-scheme: light dark" in text
    assert "@media screen and (prefers-color-scheme: dark)" in text
    assert text.index(LIGHT.ink) < text.index("@media") < text.index(DARK.ink)


@pytest.mark.parametrize(("ground", "name"), [("#ffffff", "light"), ("#000000", "dark"), ("#1e1e1e", "dark")])
def test_the_theme_follows_what_lies_behind(ground, name):
    assert theme_on(ground).name == name
    assert theme_of(Figure(facecolor=ground).add_subplot(facecolor="none")).name == name
    assert theme_of(Figure(facecolor="none").add_subplot(facecolor=ground)).name == name


def test_nothing_behind_is_light():
    assert theme_of(Figure(facecolor="none").add_subplot(facecolor="none")) is LIGHT
