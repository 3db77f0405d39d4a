"""What holds for every signal and every set of labels, tried on many that hypothesis makes up."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ecglab import beats, evaluate, images, records

FS = 360.0
COUNT = len(beats.CLASSES)
many = settings(max_examples=60, derandomize=True, database=None, deadline=None)

millivolts = st.floats(-4, 4, width=32)


def windows(count=1, samples=33, leads=1, elements=millivolts):
    return arrays(np.float32, (count, samples, leads), elements=elements)


def small(make, signal, **options):
    """Make images of 16 by 16 pixels."""
    return make(signal, FS, **{"height": 16, "width": 16, **options})


def lit(image):
    """Return the first and last lit row of each column of the images of one lead."""
    on = image[..., 0] > 0
    return on.argmax(axis=1), on.shape[1] - 1 - on[:, ::-1].argmax(axis=1)


# --- the raster -----------------------------------------------------------------------------


@many
@given(windows(), windows(elements=st.floats(0, 2, width=32)))
def test_a_higher_voltage_is_never_drawn_lower(signal, more):
    low, high = (lit(small(images.rasterize, s)) for s in (signal, signal + more))
    assert (high[0] <= low[0]).all() and (high[1] <= low[1]).all()


@many
@given(windows(), st.floats(1, 5), st.integers(0, 32))
def test_more_gain_never_makes_a_beat_smaller(signal, gain, crossing):
    signal[:, crossing] = 0  # as any beat does; a trace wholly beyond the border has no height
    first, last = lit(small(images.rasterize, signal))
    taller, deeper = lit(small(images.rasterize, gain * signal))
    assert taller.min() <= first.min() and deeper.max() >= last.max()


@many
@given(windows(samples=97), st.integers(1, 5), st.integers(1, 6))
def test_a_beat_later_by_k_columns_lies_k_columns_to_the_right(signal, columns, each):
    before = signal[:, : 16 * each + 1]
    after = np.roll(before, columns * each, axis=1)
    drawn, moved = (small(images.rasterize, s) for s in (before, after))
    assert np.array_equal(drawn[:, :, :-columns], moved[:, :, columns:])


@many
@given(millivolts, st.integers(2, 60), st.integers(2, 40))
def test_a_constant_voltage_is_a_level_line(level, samples, height):
    drawn = images.rasterize(np.full((1, samples, 1), level), FS, height=height, width=9)
    column = drawn[0, :, 0, 0].astype(int)
    assert (drawn == drawn[:, :, :1]).all() and column.sum() == pytest.approx(255, abs=1)
    row = np.clip((2.5 - level) / 5 * height, 0.5, height - 0.5) - 0.5
    assert (column @ np.arange(height)) / column.sum() == pytest.approx(row, abs=1 / 16)


@many
@given(windows(leads=3), st.sampled_from(["rasterize", "gramian", "recurrence", "scalogram"]))
def test_each_lead_is_drawn_as_if_alone(signal, kind):
    together = small(getattr(images, kind), signal)
    for lead in range(3):
        alone = small(getattr(images, kind), signal[:, :, [lead]])
        assert np.array_equal(together[..., lead], alone[..., 0])


@many
@given(windows(elements=st.floats(0, 50, width=32)), st.sampled_from([-1, 1]))
def test_beyond_the_range_nothing_is_told_apart(excess, side):
    for make in (images.rasterize, images.gramian, images.recurrence):
        outside = small(make, side * (2.5 + excess))
        assert np.array_equal(outside, small(make, np.full_like(excess, side * 2.5)))


# --- fields ---------------------------------------------------------------------------------


@many
@given(windows())
def test_a_gramian_field_is_symmetric_and_its_diagonal_keeps_order(signal):
    field = small(images.gramian, signal)[0, :, :, 0].astype(int)
    assert np.array_equal(field, field.T)
    order = np.argsort(images._mean(signal[0, :, 0], 16))
    assert (np.diff(np.diagonal(field)[order]) >= 0).all()


@many
@given(windows(), st.integers(1, 3))
def test_a_recurrence_plot_holds_distances(signal, dimension):
    plot = small(images.recurrence, signal, dimension=dimension, delay=2 / FS)[0, :, :, 0]
    plot = plot.astype(int)
    assert np.array_equal(plot, plot.T) and not np.diagonal(plot).any()
    by_way_of_another = (plot[:, :, None] + plot[None, :, :]).min(axis=1)
    assert (plot <= by_way_of_another + 2).all(), "no detour is shorter, rounding aside"


@many
@given(windows(elements=st.floats(-1, 1, width=32)), st.floats(-1, 1))
def test_a_recurrence_plot_knows_no_level_and_no_direction(signal, level):
    plot = small(images.recurrence, signal).astype(int)
    backwards = small(images.recurrence, signal[:, ::-1])[:, ::-1, ::-1]
    shifted, inverted = (small(images.recurrence, same) for same in (signal + level, -signal))
    for same in (backwards, shifted, inverted):
        assert np.abs(same - plot).max() <= 1


@many
@given(arrays(np.float32, (2, 50), elements=millivolts), st.floats(0.1, 10))
def test_a_scalograms_strength_grows_with_the_amplitude(signal, gain):
    frequencies = np.array([40.0, 15.0, 5.0])
    strength = images._strength(signal, FS, frequencies)
    assert strength.shape == (2, 3, 50) and (strength >= 0).all()
    for factor in (gain, -gain):
        scaled = images._strength((factor * signal).astype(np.float32), FS, frequencies)
        assert scaled == pytest.approx(gain * strength, rel=1e-3, abs=1e-4 * gain)


@many
@given(windows(count=2), windows(count=2, samples=60), st.integers(2, 14))
def test_a_card_is_nothing_but_its_parts(signal, strips, rows):
    card = images.card(signal, strips, FS, before=0.1, height=16, width=16, strip=rows)
    assert np.array_equal(card[:, :-rows], small(images.rasterize, signal, height=16 - rows))
    below = small(images.rasterize, strips, height=rows)
    differs = np.argwhere((card[:, -rows:] != below).any(axis=(0, 3)))
    column = int(0.1 / (59 / FS) * 16)
    assert all(tuple(at) == (0, column) for at in differs) and (card[:, -rows, column] == 255).all()


# --- beats ----------------------------------------------------------------------------------


@st.composite
def recordings(draw):
    """Make up a recording of noise with beats anywhere in it."""
    count = draw(st.integers(60, 400))
    samples = draw(st.sets(st.integers(0, count - 1), min_size=2, max_size=12))
    symbols = draw(
        st.lists(st.sampled_from("NLAVF/Q"), min_size=len(samples), max_size=len(samples))
    )
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return records.Record(
        name="made up",
        database="mitdb",
        subject="made up",
        signal=rng.normal(size=(count, 2)).astype(np.float32),
        fs=100.0,
        leads=("MLII", "V1"),
        samples=np.array(sorted(samples), dtype=np.int64),
        symbols=np.array(symbols, dtype="<U1"),
        source="folder",
    )


@many
@given(recordings(), st.integers(0, 29), st.integers(1, 29))
def test_windows_hold_the_signal_about_their_beats(record, before, after):
    cut = beats.segment(record, before=before / 100, after=after / 100, highpass=None)
    assert cut.windows.shape == (len(record.samples), before + after, 2)
    for window, padded, sample in zip(cut.windows, cut.padded, record.samples, strict=True):
        wanted = range(sample - before, sample + after)
        inside = [k for k in wanted if 0 <= k < len(record.signal)]
        at = inside[0] - wanted[0]
        assert padded == (len(inside) < len(wanted))
        assert np.array_equal(window[at : at + len(inside)], record.signal[inside])
        assert (window[:at] == record.signal[0]).all()
        assert (window[at + len(inside) :] == record.signal[-1]).all()


symbols = st.lists(st.sampled_from(records.BEAT_SYMBOLS), max_size=30)


@many
@given(symbols, symbols, st.sampled_from("NS"))
def test_every_beat_has_a_class_whatever_its_neighbours(some, more, escape):
    labels = beats.labels_of(some + more, escape)
    assert labels.shape == (len(some + more),) and np.isin(labels, range(COUNT)).all()
    assert labels.tolist() == [beats.labels_of([symbol], escape)[0] for symbol in some + more]
    moved = labels != beats.labels_of(some + more, "N" if escape == "S" else "S")
    assert {s for s, m in zip(some + more, moved, strict=True) if m} <= set("ejn")


rising = st.lists(st.integers(60, 900), min_size=1, max_size=30).map(
    lambda intervals: np.cumsum([100, *intervals])
)


@many
@given(rising, st.integers(1, 10**6), st.integers(2, 9))
def test_intervals_know_no_clock_and_no_sampling_rate(samples, later, factor):
    features = beats.rr_features(samples, FS)
    assert np.isfinite(features).all() and (features >= 0).all()
    assert np.array_equal(beats.rr_features(samples + later, FS), features)
    scaled = beats.rr_features(samples * factor, FS * factor)
    assert scaled == pytest.approx(features, abs=1e-6)  # a change may be 0, but for rounding


# --- scores ---------------------------------------------------------------------------------

pairs = st.lists(
    st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)), min_size=1, max_size=60
).map(lambda pairs: np.array(pairs).T)


@many
@given(pairs)
def test_rows_sum_to_the_beats_and_columns_to_the_calls(pair):
    labels, predictions = pair
    matrix = evaluate.confusion(labels, predictions)
    assert matrix.sum(axis=1).tolist() == [(labels == k).sum() for k in range(COUNT)]
    assert matrix.sum(axis=0).tolist() == [(predictions == k).sum() for k in range(COUNT)]
    assert np.trace(matrix) == (labels == predictions).sum()
    assert np.array_equal(evaluate.confusion(predictions, labels), matrix.T)


@many
@given(pairs, st.randoms(use_true_random=False))
def test_scores_know_no_order_and_lie_between_0_and_1(pair, random):
    order = list(range(pair.shape[1]))
    random.shuffle(order)
    scored = evaluate.scores(*pair)
    assert scored.table.equals(evaluate.scores(*pair[:, order]).table)
    numbers = scored.table.drop(columns="beats").to_numpy()
    assert ((numbers >= 0) & (numbers <= 1) | np.isnan(numbers)).all()
    swapped = evaluate.scores(*pair[::-1]).table
    assert swapped["Se"].equals(scored.table["+P"].rename("Se"))
    assert swapped["F1"].equals(scored.table["F1"])


@settings(many, max_examples=20)
@given(pairs, st.integers(2, 5), st.integers(0, 9))
def test_an_interval_over_people_lies_between_the_best_and_the_worst(pair, count, seed):
    people = np.arange(pair.shape[1]) % count
    assume(len(np.unique(people)) == count)
    right = pair[0] == pair[1]
    each = [right[people == person].mean() for person in range(count)]
    wide, narrow = (
        evaluate.bootstrap_records(*pair, people, draws=60, level=level, seed=seed).loc["accuracy"]
        for level in (0.95, 0.5)
    )
    assert wide["value"] == pytest.approx(right.mean())
    assert min(each) - 1e-9 <= wide["low"] <= narrow["low"] <= narrow["high"]
    assert narrow["high"] <= wide["high"] <= max(each) + 1e-9
