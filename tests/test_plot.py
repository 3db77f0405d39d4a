"""Figures: whole, labelled, and refusing what they can't show."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

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


def texts(ax):
    return [text.get_text() for text in ax.texts]


def only(figure):
    """Return the axes of a figure that has one, after drawing it whole."""
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    (ax,) = figure.axes
    return ax


def test_style_can_be_set_and_keeps_figures_white(monkeypatch):
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


def test_strip(record):
    ax = only(plot.strip(record, "MLII", start=5, seconds=4))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "mV")
    assert ax.get_title() == "Record 100 (simulated), lead MLII"
    (line,) = ax.lines
    assert line.get_xdata()[[0, -1]] == pytest.approx([5, 9 - 1 / 360])
    assert np.array_equal(line.get_ydata(), record.lead("MLII")[5 * 360 : 9 * 360])
    low, high = ax.get_ylim()
    assert low < line.get_ydata().min() and high > line.get_ydata().max()
    inside = (record.samples >= 5 * 360) & (record.samples < 9 * 360)
    assert texts(ax) == record.symbols[inside].tolist() and texts(ax)
    assert texts(only(plot.strip(record, "MLII", seconds=4, beats=False))) == []


def test_symbols_have_the_colour_of_their_class(record):
    at = int(record.samples[np.flatnonzero(record.symbols == "V")[0]])
    ax = only(plot.strip(record, "MLII", start=round(at / 360 - 2), seconds=4))
    colours = {text.get_text(): text.get_color() for text in ax.texts}
    assert colours["V"] == plot.COLORS["V"] != colours["N"] == plot.COLORS["N"]


@pytest.mark.parametrize(
    ("lead", "start", "seconds", "message"),
    [
        ("II", 0, 4, "no lead 'II'; it has MLII, V5"),
        ("MLII", -1, 4, "-1 s to 3 s does not lie within record 100"),
        ("MLII", 1804, 4, r"1804 s to 1808 s does not lie within.*180[56]\.?\d* s long"),
        ("MLII", 0, 0, "0 s to 0 s"),
    ],
)
def test_strip_names_what_it_refuses(record, lead, start, seconds, message):
    with pytest.raises(ValueError, match=message):
        plot.strip(record, lead, start, seconds)


def test_twelve_leads(twelve):
    ax = only(plot.twelve_leads(twelve))
    assert ax.get_xlabel().startswith("time (s)") and "10 mm/mV" in ax.get_xlabel()
    assert ax.get_title() == "Record 1 (simulated): twelve leads"
    assert sorted(texts(ax)) == sorted([*records.LUDB_LEADS, "II"])
    longest = max(ax.lines, key=lambda line: len(line.get_xdata()))
    assert len(longest.get_xdata()) == 5000, "lead II along the bottom"


def test_twelve_leads_of_a_record_with_two(record):
    with pytest.raises(ValueError, match=r"record 100.* has no lead 'I'; it has MLII, V5"):
        plot.twelve_leads(record)


def test_waves(twelve):
    ax = only(plot.waves(twelve, "II", seconds=2.5))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "mV")
    assert "lead II: wave bounds" in ax.get_title()
    bounds = twelve.waves["II"]
    shown = bounds[(bounds["peak"] < 2.5 * 500) & (bounds["onset"] >= 0) & (bounds["offset"] >= 0)]
    assert texts(ax) == shown["kind"].tolist() and len(ax.patches) == len(shown) > 3


def test_waves_that_are_not_annotated(record, twelve):
    with pytest.raises(ValueError, match="has wave bounds for no lead"):
        plot.waves(record, "MLII")
    with pytest.raises(ValueError, match=r"has wave bounds for .*'aVR'"):
        plot.waves(twelve, "V9")


def test_gallery(drawn):
    titles = [f"beat {k}" for k in range(8)]
    figure = plot.gallery(drawn, titles, columns=3, scale=images.scale(216, 360.0))
    figure.canvas.draw()
    shown = [ax for ax in figure.axes if ax.images]
    assert len(figure.axes) == 9 and len(shown) == 8
    assert [ax.get_title() for ax in shown] == titles
    assert all(
        np.array_equal(ax.images[0].get_array(), drawn[k, :, :, 0]) for k, ax in enumerate(shown)
    )
    assert (shown[0].get_xlabel(), shown[0].get_ylabel()) == ("597 ms", "5.0 mV")


def test_gallery_takes_images_without_channel(drawn):
    assert len([ax for ax in plot.gallery(drawn[:2, :, :, 0]).axes if ax.images]) == 2


@pytest.mark.parametrize(
    ("shape", "titles", "message"),
    [
        ((0, 8, 8), None, r"shape \(0, 8, 8\); give \(n, height, width\)"),
        ((8, 8), None, r"shape \(8, 8\)"),
        ((2, 8, 8), ["one"], "1 titles for 2 images"),
    ],
)
def test_gallery_names_what_it_refuses(shape, titles, message):
    with pytest.raises(ValueError, match=message):
        plot.gallery(np.zeros(shape), titles)


def test_confusion(scored):
    ax = only(plot.confusion(scored, title="Half right"))
    assert ax.get_title() == "Half right"
    assert "network" in ax.get_xlabel() and "cardiologists" in ax.get_ylabel()
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [text.get_text() for text in labels] == list(beats.CLASSES)
    assert texts(ax) == [str(count) for count in scored.matrix.ravel()]
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
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["plain", "residual"]
    assert len(ax.lines) == 2
    assert ax.lines[0].get_color() != ax.lines[1].get_color()
    assert ax.lines[0].get_marker() != ax.lines[1].get_marker()


def test_history_of_an_unknown_column(history):
    with pytest.raises(KeyError, match="error"):
        plot.history(history, columns=("error",))


def test_intervals():
    people = np.repeat(list("abcd"), 4)
    table = evaluate.bootstrap_records([0, 0, 1, 2] * 4, [0, 1, 1, 2] * 4, people, draws=50)
    ax = only(plot.intervals(table))
    assert ax.get_xlabel() == "score" and ax.get_title()
    assert [text.get_text() for text in ax.get_yticklabels()] == table.index.tolist()
    (points,) = ax.lines
    assert points.get_xdata() == pytest.approx(table["value"].to_numpy())
    assert ax.get_xlim()[0] == 0


def test_colours_tell_classes_apart():
    assert list(plot.COLORS) == list(beats.CLASSES)
    assert len(set(plot.COLORS.values())) == 5 and len(set(plot.PALETTE)) == 7
