"""Images: calibrated, the same scale for every beat, exact to the pixel."""

import numpy as np
import pytest

from ecglab import images

FS = 360.0
SIZE = {"height": 64, "width": 64}


@pytest.fixture(scope="module")
def windows():
    """Five hundred and twenty random wiggles in two leads, of about a millivolt."""
    rng = np.random.default_rng(0)
    noise = np.cumsum(rng.normal(0, 0.1, (520, 108, 2)), axis=1)
    return noise.astype(np.float32)


def spike(height, at=50, samples=108):
    """A triangular wave of so many mV, nine samples wide."""
    rise = np.maximum(0, 1 - np.abs(np.arange(samples) - at) / 5)
    return (height * rise)[None, :, None]


def centre(image):
    """Return the row of each column's centre of brightness."""
    image = image.astype(float)
    return (image * np.arange(len(image))[:, None]).sum(axis=0) / image.sum(axis=0)


def top(image):
    """Return the row of the highest bright pixel."""
    return int(np.flatnonzero(image.max(axis=1) > 127)[0])


def test_form(windows):
    drawn = images.rasterize(windows, FS, height=48, width=40)
    assert drawn.shape == (520, 48, 40, 2) and drawn.dtype == np.uint8
    assert (drawn.max(axis=1) >= 127).all(), "every column has a line"
    assert drawn.max() == 255 and drawn.min() == 0
    assert images.rasterize(windows[:0], FS).shape == (0, 64, 64, 2)


@pytest.mark.parametrize("level", [-2.4, -1.0, 0.0, 0.3, 1.7])
def test_a_constant_line_lies_on_its_row(level):
    drawn = images.rasterize(np.full((1, 100, 1), level), FS, **SIZE)[0, :, :, 0]
    expected = (2.5 - level) / 5 * 64 - 0.5  # pixel 0 is centred half a pixel down
    assert centre(drawn) == pytest.approx(expected, abs=1 / 16)
    assert drawn.sum(axis=0) == pytest.approx(255, abs=1), "one pixel thick"


def test_higher_voltage_is_drawn_higher():
    rows = [top(images.rasterize(spike(mv), FS)[0, :, :, 0]) for mv in (0.2, 0.5, 1, 1.5, 2)]
    assert rows == sorted(rows, reverse=True) and len(set(rows)) == 5
    low = [centre(images.rasterize(spike(mv), FS)[0, :, :, 0]).max() for mv in (-0.5, -1, -2)]
    assert low == sorted(low)


def test_twice_the_gain_is_twice_the_deflection():
    base = top(images.rasterize(spike(0), FS)[0, :, :, 0])
    one, two = (base - top(images.rasterize(spike(mv), FS)[0, :, :, 0]) for mv in (1, 2))
    assert one == pytest.approx(1 / images.scale(108, FS)[1], abs=1)
    assert two == pytest.approx(2 * one, abs=1)


def test_the_scale_does_not_depend_on_the_company():
    alone = images.rasterize(spike(0.5), FS)
    together = images.rasterize(np.concatenate([spike(0.5), spike(2.4)]), FS)
    assert np.array_equal(alone[0], together[0])


def test_a_shift_in_time_shifts_the_image():
    # 64 columns span 128 intervals: two samples are one column
    drawn = [images.rasterize(spike(1, at, 129), FS)[0, :, :, 0] for at in (50, 52, 60)]
    assert not np.array_equal(drawn[0], drawn[1])
    assert np.array_equal(np.roll(drawn[0], 1, axis=1), drawn[1])
    assert np.array_equal(np.roll(drawn[0], 5, axis=1), drawn[2])


def test_what_is_outside_runs_along_the_border():
    high, low = (images.rasterize(np.full((1, 50, 1), mv), FS)[0, :, :, 0] for mv in (9, -9))
    for drawn, row in ((high, 0), (low, 63)):
        assert (drawn[row] == 255).all() and drawn.sum() == 64 * 255
    outside = images.rasterize(spike(50), FS)
    assert (outside[0, 0, :, 0] == 255).any()


def test_a_jump_is_joined_by_a_line():
    step = np.where(np.arange(100) < 40, -1.0, 1.0)[None, :, None]
    drawn = images.rasterize(step, FS, height=50, width=33)[0, :, :, 0]
    column = drawn[:, 13]  # from sample 39 to sample 42
    lit = np.flatnonzero(column == 255)
    assert lit.tolist() == list(range(15, 35)), "from 1 mV down to -1 mV, ten rows a millivolt"


def test_leads_are_drawn_alone(windows):
    both = images.rasterize(windows, FS)
    for lead in (0, 1):
        alone = images.rasterize(windows[:, :, [lead]], FS)
        assert np.array_equal(both[..., [lead]], alone)
    assert not np.array_equal(both[..., 0], both[..., 1])


@pytest.mark.parametrize("count", [1, 255, 256, 257, 520])
def test_blocks_leave_no_seam(windows, count):
    drawn = images.rasterize(windows[:count], FS)
    last, seam = range(max(0, count - 10), count), range(250, min(count, 262))
    for k in {0, count // 2, *last, *seam}:
        assert np.array_equal(drawn[k], images.rasterize(windows[[k]], FS)[0]), k


@pytest.mark.parametrize("width", [108, 250, 500])
def test_more_columns_than_samples(windows, width):
    ramp = np.linspace(-2, 2, 108)[None, :, None]
    drawn = images.rasterize(ramp, FS, height=64, width=width)[0, :, :, 0]
    middles = np.linspace(-2, 2, 2 * width + 1)[1::2]
    assert centre(drawn) == pytest.approx((2.5 - middles) / 5 * 64 - 0.5, abs=0.1)


def test_fewer_columns_keep_narrow_spikes():
    narrow = np.zeros((1, 360, 1))
    narrow[0, 181] = 2.0
    drawn = images.rasterize(narrow, FS, height=50, width=20)[0, :, :, 0]
    assert top(drawn) == 5, "2.0 mV of 2.5, ten pixels to the millivolt"


def test_range_of_voltages():
    flat = np.full((1, 50, 1), 1.0)
    drawn = images.rasterize(flat, FS, height=20, width=4, mv=(0, 2))[0, :, :, 0]
    assert centre(drawn) == pytest.approx(9.5, abs=1 / 16)


def test_the_input_is_left_alone(windows):
    before = windows.copy()
    images.rasterize(windows, FS)
    assert np.array_equal(before, windows)


def test_scale():
    ms, mv = images.scale(217, 360.0, height=50, width=60)
    assert (ms, mv) == (pytest.approx(10.0), pytest.approx(0.1))


@pytest.mark.parametrize(
    ("shape", "arguments", "message"),
    [
        ((5, 100), {}, r"shape \(5, 100\); they must be \(n, samples, leads\)"),
        ((5, 1, 1), {}, r"shape \(5, 1, 1\).*two samples"),
        ((5, 100, 0), {}, r"shape \(5, 100, 0\)"),
        ((5, 100, 1), {"height": 1}, "1 × 64 pixels is too small"),
        ((5, 100, 1), {"width": 0}, "64 × 0 pixels is too small"),
        ((5, 100, 1), {"mv": (1, 1)}, r"mv is \(1, 1\); the lower voltage must come first"),
        ((5, 100, 1), {"mv": (2, -2)}, r"mv is \(2, -2\)"),
        ((5, 100, 1), {"fs": 0}, "fs is 0 Hz"),
        ((5, 100, 1), {"fs": float("nan")}, "fs is nan Hz"),
    ],
)
def test_what_is_refused_is_named(shape, arguments, message):
    with pytest.raises(ValueError, match=message):
        images.rasterize(np.zeros(shape), **{"fs": FS, **arguments})


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_must_be_numbers(value):
    windows = np.zeros((3, 100, 1))
    windows[1, 50] = value
    with pytest.raises(ValueError, match="NaN or infinite"):
        images.rasterize(windows, FS)
