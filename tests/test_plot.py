"""Figures: whole, labelled, and refusing what they can't show."""

import itertools
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from ecglab import beats, evaluate, images, plot, records, simulate


@pytest.fixture(scope="module")
def record():
    return simulate.record("100")


@pytest.fixture(scope="module")
def twelve():
    return simulate.record("1", "ludb")


@pytest.fixture(scope="module")
def drawn(record):
    cut = beats.segment(record, leads=["MLII"])
    return images.rasterize(cut.windows[:8], cut.fs)


@pytest.fixture
def scored():
    return evaluate.scores([0, 0, 0, 1, 2, 2], [0, 0, 1, 1, 2, 0])


@pytest.fixture
def history():
    return pd.DataFrame({"loss": [1.2, 0.8, 0.5], "accuracy": [0.4, 0.6, 0.8]}, index=[1, 2, 3])


def words(texts):
    return [text.get_text() for text in texts]


def only(figure):
    """Return the axes of a figure that has one, after drawing it whole."""
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    (ax,) = figure.axes
    return ax


def test_style_can_be_set_and_keeps_figures_white():
    with plt.rc_context():
        plot.style()
        assert plt.rcParams["figure.facecolor"] == "white"
        assert plt.rcParams["axes.prop_cycle"].by_key()["color"] == list(plot.PALETTE)


def test_paper_is_to_scale():
    figure, ax = plt.subplots()
    plot.paper(ax, seconds=4, low=-1, high=2, start=10)
    figure.canvas.draw()
    assert ax.get_xlim() == (10, 14) and ax.get_ylim() == (-1, 2)
    assert ax.get_aspect() == 0.4, "25 mm/s and 10 mm/mV"
    assert np.diff(ax.xaxis.get_majorticklocs()) == pytest.approx(0.2)
    assert np.diff(ax.yaxis.get_majorticklocs()) == pytest.approx(0.5)
    assert np.diff(np.sort(ax.xaxis.get_minorticklocs())).min() == pytest.approx(0.04, abs=1e-6)
    one = ax.transData.transform([(10, 0), (11, 0), (10, 2.5)])
    assert one[1, 0] - one[0, 0] == pytest.approx(one[2, 1] - one[0, 1], rel=1e-3)


def millimetres(ax):
    """Return how long a second and how high a millivolt are where the figure is printed."""
    origin, corner = ax.transData.transform([(0, 0), (1, 1)])
    return tuple((corner - origin) / ax.figure.dpi * 25.4)


@pytest.mark.parametrize(
    ("seconds", "times"),
    [(1, 4), (2, 4), (2.5, 3), (4, 2), (5, 1), (10, 1), (12, 1 / 2), (30, 1 / 3)],
)
def test_strips_are_printed_to_scale(record, seconds, times):
    with plt.rc_context():
        plot.style()
        ax = only(plot.strip(record, "MLII", start=5, seconds=seconds))
    assert millimetres(ax) == pytest.approx((25 * times, 10 * times), rel=1e-3)
    note = {1: "mV", 4: "mV, 4 ×", 1 / 2: "mV, 1/2 ×", 1 / 3: "mV, 1/3 ×"}.get(times)
    assert note is None or ax.get_xlabel().endswith(note)
    inside = ax.figure.get_window_extent()
    ticks = [text for text in ax.get_xticklabels() if 5 <= text.get_position()[0] <= 5 + seconds]
    for text in (ax._left_title, ax.xaxis.label, ax.yaxis.label, *ticks):
        box = text.get_window_extent()
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1, f"{text} is cut off"
        assert inside.y0 <= box.y0 and box.y1 <= inside.y1, f"{text} is cut off"


def test_twelve_leads_and_waves_are_printed_to_scale(twelve):
    assert millimetres(only(plot.twelve_leads(twelve))) == pytest.approx((25, 10), rel=1e-3)
    assert millimetres(only(plot.waves(twelve, "II", seconds=2))) == pytest.approx((100, 40))


@pytest.mark.parametrize("dpi", [100, 254])
def test_a_saved_sheet_measures_25_mm_a_second(record, dpi, tmp_path):
    """Read from the file itself: the distance of the thick lines, at the resolution it states."""
    figure = plot.strip(record, "MLII", start=5, seconds=10, beats=False)
    figure.axes[0].lines[0].remove()
    figure.savefig(tmp_path / "sheet.png", dpi=dpi)
    picture = Image.open(tmp_path / "sheet.png")
    stated = picture.info["dpi"]
    assert stated == pytest.approx((dpi, dpi), rel=0.001)
    redness = np.asarray(picture.convert("RGB"), dtype=float)
    redness = redness[..., 0] - redness[..., 2]
    for axis in (0, 1):
        profile = redness.mean(axis=axis)
        lines = np.flatnonzero(profile > profile.max() / 2)
        starts = lines[np.insert(np.diff(lines) > 1, 0, True)]
        box = np.diff(starts).mean() / stated[axis] * 25.4
        assert box == pytest.approx(5, rel=0.01), "a large box is 5 mm"


def test_strip(record):
    ax = only(plot.strip(record, "MLII", start=5, seconds=4))
    assert ax.get_xlabel() == "time (s)  ·  25 mm/s, 10 mm/mV, 2 ×" and ax.get_ylabel() == "mV"
    assert ax.get_title() == "Record 100 (simulated), lead MLII"
    (line,) = ax.lines
    assert line.get_xdata()[[0, -1]] == pytest.approx([5, 9 - 1 / 360])
    assert np.array_equal(line.get_ydata(), record.lead("MLII")[5 * 360 : 9 * 360])
    low, high = ax.get_ylim()
    assert low < line.get_ydata().min() and high > line.get_ydata().max()
    inside = (record.samples >= 5 * 360) & (record.samples < 9 * 360)
    assert words(ax.texts) == record.symbols[inside].tolist() and words(ax.texts)
    assert words(only(plot.strip(record, "MLII", seconds=4, beats=False)).texts) == []


def test_symbols_have_the_colour_of_their_class(record):
    at = int(record.samples[np.flatnonzero(record.symbols == "V")[0]])
    ax = only(plot.strip(record, "MLII", start=round(at / 360 - 2), seconds=4))
    colours = {text.get_text(): text.get_color() for text in ax.texts}
    assert colours["V"] == plot.COLORS["V"] != colours["N"] == plot.COLORS["N"]


SHEETS = {
    "strip": lambda record: plot.strip(record, record.leads[0], start=2, seconds=6),
    "short strip": lambda record: plot.strip(record, record.leads[0], 2, 0.8, beats=False),
    "waves": lambda record: plot.waves(record, "II", seconds=2),
    "twelve leads": plot.twelve_leads,
}


@pytest.mark.parametrize("sheet", SHEETS)
@pytest.mark.parametrize(
    ("factor", "offset", "advice"),
    [
        (1000, 0, "divide it by 1000 if it is in µV, by its gain .often 200. if in counts"),
        (200, 1024, "divide it by 1000 if it is in µV, by its gain .often 200. if in counts"),
        (0.001, 0, "multiply it by 1000 if it is in V"),
    ],
    ids=["µV", "counts", "V"],
)
def test_what_is_no_ecg_in_mv_is_refused_at_once(
    twelve, monkeypatch, sheet, factor, offset, advice
):
    """To scale it would be metres high, and take a minute to draw; or a line."""
    monkeypatch.setattr(plot, "_sheet", lambda *arguments: pytest.fail("it is being drawn"))
    message = f"lead I+ of record 1 .simulated. spans .* mV, which is no ECG in mV; {advice}"
    other = replace(twelve, signal=factor * twelve.signal + offset)
    with pytest.raises(ValueError, match=message):
        SHEETS[sheet](other)


@pytest.mark.parametrize("sheet", SHEETS)
def test_the_unit_is_told_by_what_it_spans(twelve, sheet):
    """However far from 0, and however high people's beats are."""
    for factor, offset in ((0.2, 0), (4, 0), (1, 300)):
        SHEETS[sheet](replace(twelve, signal=factor * twelve.signal + offset))


def test_flat_and_broken_leads_are_drawn_as_they_are(record):
    flat = replace(record, signal=np.zeros_like(record.signal))
    assert only(plot.strip(flat, "MLII", seconds=2)).get_ylim()[0] < 0
    broken = record.signal.copy()
    broken[100:300] = np.nan
    gap = replace(record, signal=broken)
    whole = plot.strip(record, "MLII", seconds=2, beats=False).axes[0].get_ylim()
    assert only(plot.strip(gap, "MLII", seconds=2, beats=False)).get_ylim() == whole
    with pytest.raises(ValueError, match=r"lead MLII of record 100.* holds no voltages"):
        plot.strip(gap, "MLII", start=0.3, seconds=0.5)
    broken[200] = np.inf
    with pytest.raises(ValueError, match="holds no voltages there: NaN or infinity"):
        plot.strip(replace(record, signal=broken), "MLII", seconds=2)


def test_twelve_leads(twelve):
    ax = only(plot.twelve_leads(twelve))
    assert ax.get_xlabel().startswith("time (s)") and "10 mm/mV" in ax.get_xlabel()
    assert ax.get_title() == "Record 1 (simulated): twelve leads"
    assert sorted(words(ax.texts)) == sorted([*records.LUDB_LEADS, "II"])
    longest = max(ax.lines, key=lambda line: len(line.get_xdata()))
    assert len(longest.get_xdata()) == 5000, "lead II along the bottom"
    marks = [line for line in ax.lines if len(line.get_xdata()) == 6]
    assert len(marks) == 4 and all(np.ptp(mark.get_ydata()) == 1 for mark in marks), "1 mV"
    assert "mV" in ax.get_ylabel()


def sharp(record, height):
    """Return a record of flat lines, but for a peak in I, in V4, and in II at 9 s."""
    signal = np.zeros_like(record.signal)
    for lead, second in (("I", 1), ("V4", 8), ("II", 9)):
        signal[round(second * record.fs), record.leads.index(lead)] = height
    return replace(record, signal=signal)


@pytest.mark.parametrize("height", [1.25, 3, -3])
def test_a_sheet_holds_every_deflection(twelve, height):
    """It grows by half millivolts, at the same scale; an ordinary one has its usual size."""
    ax = only(plot.twelve_leads(sharp(twelve, height)))
    assert millimetres(ax) == pytest.approx((25, 10), rel=1e-3)
    drawn = np.concatenate([line.get_ydata() for line in ax.lines])
    assert list(drawn).count(height) == 2 and list(drawn).count(height - 7.5) == 1
    low, high = ax.get_ylim()
    assert low < drawn.min() and drawn.max() < high
    assert (low, high) == (min(-9.5, height - 8), max(2, height + 0.5))
    size = (11.0862, 5.4776 + (high - low - 11.5) / 2.54)  # inches
    assert ax.figure.get_size_inches() == pytest.approx(size, abs=1e-4)


def test_a_sheet_holds_the_highest_and_the_lowest_that_an_ecg_may_have(twelve):
    opposed = sharp(twelve, 30)
    opposed.signal[:, opposed.leads.index("II")] *= -1
    assert only(plot.twelve_leads(opposed)).get_ylim() == (-38, 30.5)


def test_waves(twelve):
    ax = only(plot.waves(twelve, "II", seconds=2.5))
    assert ax.get_xlabel().startswith("time (s)") and ax.get_ylabel() == "mV"
    assert "lead II: wave bounds" in ax.get_title()
    bounds = twelve.waves["II"]
    shown = bounds[(bounds["peak"] < 2.5 * 500) & (bounds["onset"] >= 0) & (bounds["offset"] >= 0)]
    assert words(ax.texts) == shown["kind"].tolist() and len(ax.patches) == len(shown) > 3


def test_gallery(drawn):
    titles = [f"beat {k}" for k in range(8)]
    figure = plot.gallery(drawn, titles, columns=3, scale=images.scale(216, 360.0))
    figure.canvas.draw()
    shown = [ax for ax in figure.axes if ax.images]
    assert len(figure.axes) == 9 and len(shown) == 8
    assert [ax.get_title() for ax in shown] == titles
    for ax, beat in zip(shown, drawn, strict=True):
        assert np.array_equal(ax.images[0].get_array(), beat[:, :, 0])
    assert (shown[0].get_xlabel(), shown[0].get_ylabel()) == ("597 ms", "5.0 mV")


def test_one_title_is_no_sequence_of_letters(drawn):
    (ax,) = plot.gallery(drawn[:1, :, :, 0], "beat").axes  # an image without a channel
    assert ax.get_title() == "beat" and len(ax.images) == 1


def test_confusion(scored):
    ax = only(plot.confusion(scored, title="Half right"))
    assert ax.get_title() == "Half right"
    assert "network" in ax.get_xlabel() and "cardiologists" in ax.get_ylabel()
    assert words(ax.get_xticklabels()) == words(ax.get_yticklabels()) == list(beats.CLASSES)
    assert words(ax.texts) == [str(count) for count in scored.matrix.ravel()]
    assert ax.images[0].get_array()[0].tolist() == pytest.approx([2 / 3, 1 / 3, 0, 0, 0])


def test_history_of_one_run(history):
    figure = plot.history(history, columns=("loss", "accuracy"))
    figure.canvas.draw()
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss", "accuracy"]
    assert {ax.get_xlabel() for ax in figure.axes} == {"epoch"}
    (line,) = figure.axes[0].lines
    assert line.get_xdata().tolist() == [1, 2, 3]
    assert line.get_ydata().tolist() == [1.2, 0.8, 0.5]
    assert figure.axes[0].get_legend() is None


def test_history_of_several_runs(history):
    ax = only(plot.history({"plain": history, "residual": history / 2}))
    assert words(ax.get_legend().get_texts()) == ["plain", "residual"]
    assert len(ax.lines) == 2
    assert ax.lines[0].get_color() != ax.lines[1].get_color()
    assert ax.lines[0].get_marker() != ax.lines[1].get_marker()


def test_history_of_several_seeds_shows_their_spread(history):
    runs = [history, history + 0.2, history - 0.1]
    ax = only(plot.history({"plain": runs, "residual": history}, columns="loss"))
    (band,) = ax.collections
    assert ax.lines[0].get_ydata() == pytest.approx((history["loss"] + 1 / 30).to_numpy())
    edges = band.get_paths()[0].vertices
    at_2 = edges[edges[:, 0] == 2, 1]
    assert (at_2.min(), at_2.max()) == pytest.approx((0.7, 1.0))
    assert words(ax.get_legend().get_texts()) == ["plain, 3 seeds", "residual"]


def test_intervals():
    people = np.repeat(list("abcd"), 4)
    table = evaluate.bootstrap_records([0, 0, 1, 2] * 4, [0, 1, 1, 2] * 4, people, draws=50)
    ax = only(plot.intervals(table, "Scores"))
    assert (ax.get_title(), ax.get_xlabel()) == ("Scores", "score")
    assert words(ax.get_yticklabels()) == table.index.tolist()
    (points,) = ax.lines
    assert points.get_xdata() == pytest.approx(table["value"].to_numpy())
    assert ax.get_xlim()[0] == 0


def test_intervals_by_record():
    table = pd.DataFrame(
        {"value": [0.9, np.nan, 0.8], "low": [0.7, np.nan, 0.7], "high": [1, np.nan, 0.9]},
        index=["100", "101", "all"],
    )
    table = table.assign(beats=[2000, 0, 5000])
    ax = only(plot.intervals(table, "By record", "sensitivity to V", pooled=["all"]))
    assert (ax.get_title(), ax.get_xlabel()) == ("By record", "sensitivity to V")
    assert [line.get_marker() for line in ax.lines] == ["o", "D"]
    assert ax.lines[1].get_ydata().tolist() == [0], "the last row is the lowest"
    (right,) = ax.child_axes
    assert words(right.get_yticklabels()) == ["2,000", "0", "5,000"]
    assert right.get_ylabel() == "beats"


@pytest.fixture
def believed():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 300)
    probabilities = rng.random((300, 5)) ** 3 + np.eye(5)[labels]
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True)


def test_reliability(believed):
    table = evaluate.reliability(*believed)
    figure = plot.reliability(table)
    figure.canvas.draw()
    ax, below = figure.axes
    diagonal, line = ax.lines
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert line.get_xydata() == pytest.approx(table[["confidence", "frequency"]].to_numpy())
    assert [bar.get_height() for bar in below.patches] == table["beats"].tolist()
    assert [bar.get_x() for bar in below.patches] == pytest.approx(table["low"].tolist())
    assert below.get_xlabel() and below.get_ylabel() == "beats" and ax.get_ylabel()


def test_coverage(believed):
    table = evaluate.risk_coverage(*believed)
    ax = only(plot.coverage({"image": table, "image + RR": table}))
    assert ax.lines[0].get_xydata() == pytest.approx(table[["coverage", "risk"]].to_numpy())
    assert "coverage" in ax.get_xlabel() and "risk" in ax.get_ylabel()
    assert words(ax.get_legend().get_texts()) == ["image", "image + RR"]
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()


def test_overlay(drawn):
    maps = np.linspace(-1, 3, 2 * 64 * 64).reshape(2, 64, 64)
    figure = plot.overlay(drawn[:2], maps, "drop of the logit", titles=["a", "b"])
    figure.canvas.draw()
    *axes, bar = figure.axes
    assert [ax.get_title() for ax in axes] == ["a", "b"]
    assert bar.get_ylabel() == "drop of the logit" and bar.get_ylim() == (-3, 3)
    for ax, image, one in zip(axes, drawn, maps, strict=False):
        ground, colours = ax.images
        assert np.array_equal(ground.get_array(), image[..., 0])
        assert np.array_equal(colours.get_array(), one)
        shades = colours.cmap(colours.norm([-3, -0.001, 0.001, 3]))
        assert shades[:, 3] == pytest.approx([0.8, 0, 0, 0.8], abs=0.01), "nothing hides the beat"
        assert shades[0, 2] > shades[0, 0] and shades[3, 0] > shades[3, 2], "blue and orange"
    assert plot.overlay(drawn[:2], np.abs(maps)).axes[-1].get_ylim() == (0, 3)


# --- What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lead", "start", "seconds", "message"),
    [
        ("II", 0, 4, "no lead 'II'; it has MLII, V5"),
        ("MLII", -1, 4, "-1 s to 3 s does not lie within record 100"),
        ("MLII", 1804, 4, r"1804 s to 1808 s does not lie within.*180[56]\.?\d* s long"),
        ("MLII", 0, 0, "0 s to 0 s"),
        ("MLII", np.nan, 4, "start is nan; give a finite number"),
        ("MLII", 0, np.inf, "seconds is inf; give a finite number"),
        ("MLII", 0, 121, "seconds is 121; at most 120 s can be drawn at once"),
    ],
)
def test_strip_names_what_it_refuses(record, lead, start, seconds, message):
    with pytest.raises(ValueError, match=message):
        plot.strip(record, lead, start, seconds)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, -1, 2), "seconds is 0; give more than 0, at most 120 s"),
        ((1800, -1, 2), "seconds is 1800"),
        ((np.nan, -1, 2), "seconds is nan"),
        ((4, 2, -1), "low is 2 mV, high -1 mV; high must be above low by at most 90 mV"),
        ((4, -1000, 2000), "low is -1000 mV, high 2000 mV"),
        ((4, np.nan, 2), "low is nan"),
        ((4, -1, np.inf), "high is inf"),
        ((4, -1, 2, "0"), "start is '0'"),
    ],
)
def test_paper_names_what_it_refuses(arguments, message):
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match=message):
        plot.paper(ax, *arguments)


LOSS = pd.DataFrame({"loss": [1.2, 0.8, 0.5]})
TABLE = pd.DataFrame({"value": [0.9, 0.8], "low": [0.8, 0.7], "high": [1, 0.9]}, ["100", "all"])
PAIR = np.zeros((2, 8, 8))
A_TABLE = "give a pandas.DataFrame"


@pytest.mark.parametrize(
    ("draw", "arguments", "message"),
    [
        (plot.gallery, (PAIR[:0],), r"shape \(0, 8, 8\); give \(n, height, width\)"),
        (plot.gallery, (PAIR[0],), r"shape \(8, 8\)"),
        (plot.gallery, (PAIR, ["one"]), "1 titles for 2 images"),
        (plot.gallery, (PAIR, "NV"), "1 titles for 2 images"),
        (plot.gallery, (PAIR, None, 0), "columns is 0; give a whole number, 1 or more"),
        (plot.gallery, (PAIR, None, 2.5), "columns is 2.5; give a whole number, 1 or more"),
        (plot.overlay, (PAIR, PAIR[:, :4]), r"maps have shape \(2, 4, 8\); give \(2, 8, 8\)"),
        (plot.overlay, (PAIR, PAIR + np.nan), "maps hold NaN or infinity; give finite numbers"),
        (plot.history, ({}, "loss"), "0 histories, 1 columns"),
        (plot.history, ({"a": LOSS}, ()), "1 histories, 0 columns"),
        (plot.history, ({"a": []}, "loss"), r"'a' has runs of \[\] epochs"),
        (plot.history, ({"a": [LOSS, LOSS[:2]]}, "loss"), r"'a' has runs of \[2, 3\] epochs"),
        (plot.history, ({"a": [1.2]}, "loss"), f"history 'a' is a float; {A_TABLE}"),
        (plot.history, ({"a": {"loss": [1.2]}}, "loss"), f"history 'a' is a str; {A_TABLE}"),
        (plot.history, ({"a": LOSS}, "error"), "history 'a' has no column 'error'; it has loss"),
        (plot.intervals, (TABLE.drop(columns="low"), ""), "the table has no column 'low'"),
        (plot.intervals, ({"value": [1]}, ""), f"the table is a dict; {A_TABLE}"),
        (plot.reliability, (TABLE,), "the table has no column 'beats'; it has value, low"),
        (plot.coverage, ({"a": TABLE},), "table 'a' has no column 'coverage'"),
    ],
)
def test_figures_name_what_they_refuse(draw, arguments, message):
    with pytest.raises((ValueError, KeyError), match=message):
        draw(*arguments)


def test_pooled_rows_must_be_there():
    assert plot.intervals(TABLE, "One", pooled="all").axes[0].lines[1].get_marker() == "D"
    with pytest.raises(ValueError, match="pooled names 'everyone', which is no row; those are 100"):
        plot.intervals(TABLE, "One", pooled="everyone")


def test_leads_that_are_not_there_are_named(record, twelve):
    with pytest.raises(ValueError, match=r"record 100.* has no lead 'I'; it has MLII, V5"):
        plot.twelve_leads(record)
    with pytest.raises(ValueError, match="has wave bounds for no lead"):
        plot.waves(record, "MLII")
    with pytest.raises(ValueError, match=r"has wave bounds for .*'aVR'"):
        plot.waves(twelve, "V9")


# --- Colours ------------------------------------------------------------------------------------

#: Linear RGB as people without one kind of cone see it (Machado et al. 2009,
#: doi 10.1109/TVCG.2009.113, severity 1).
SEEN_BY = {
    "everyone": np.eye(3),
    "protanopes": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopes": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopes": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(color):
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(color, ground="white"):
    """Return the contrast ratio of WCAG 2."""
    dark, bright = sorted(linear(one) @ [0.2126, 0.7152, 0.0722] for one in (color, ground))
    return (bright + 0.05) / (dark + 0.05)


def lab(rgb):
    """Return CIE L*a*b* of linear RGB."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("who", SEEN_BY)
@pytest.mark.parametrize(
    ("colors", "apart"),
    [(plot.PALETTE, 16), (plot.COLORS.values(), 23)],
    ids=["palette", "classes"],
)
def test_colours_can_be_told_apart_by(who, colors, apart):
    """A difference of 2.3 in L*a*b* is just noticeable; lines and letters need several times it."""
    seen = [lab(np.array(SEEN_BY[who]) @ linear(color)) for color in colors]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > apart


def test_colours_stand_out_from_the_page():
    assert list(plot.COLORS) == list(beats.CLASSES)
    assert min(map(contrast, plot.COLORS.values())) >= 4.5, "they are written as text"
    assert min(map(contrast, plot.PALETTE[:4])) >= 3, "they are drawn as lines"


def test_numbers_in_a_confusion_matrix_stand_out(scored):
    for share in np.linspace(0, 1, 21):
        matrix = np.full((5, 5), round(250 * (1 - share)))
        matrix[np.diag_indices(5)] = round(1000 * share)
        ax = only(plot.confusion(evaluate.Scores(matrix)))
        image = ax.images[0]
        ground = image.cmap(image.norm(image.get_array()[0, 0]))
        assert contrast(ax.texts[0].get_color(), ground[:3]) > 4, share
        plt.close(ax.figure)
