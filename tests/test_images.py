"""Images: calibrated, the same scale for every beat, exact to the pixel."""

import tracemalloc

import numpy as np
import pytest

from ecglab import images

FS = 360.0
SIZE = {"height": 64, "width": 64}
FIELDS = [images.gramian, images.recurrence, images.scalogram]
ALL = [images.rasterize, *FIELDS]
every_kind = pytest.mark.parametrize("make", ALL, ids=lambda make: make.__name__)
every_field = pytest.mark.parametrize("make", FIELDS, ids=lambda make: make.__name__)


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
@every_kind
def test_what_is_refused_is_named(make, shape, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(np.zeros(shape), **{"fs": FS, **arguments})


@every_kind
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_must_be_numbers(make, value):
    windows = np.zeros((3, 100, 1))
    windows[1, 50] = value
    with pytest.raises(ValueError, match="windows hold NaN or infinite"):
        make(windows, FS)


# --- fields ---------------------------------------------------------------------------------


def plateaus(*levels):
    """Give each level a stretch of 999 samples; averaging blurs no more than one of them."""
    return np.repeat(np.float32(levels), 999)[None, :, None]


@every_field
def test_fields_have_the_form_of_the_raster(make, windows):
    drawn = make(windows[:70], FS, height=12, width=20)
    assert drawn.shape == (70, 12, 20, 2) and drawn.dtype == np.uint8
    assert make(windows[:0], FS).shape == (0, 64, 64, 2)
    for k in (0, 15, 16, 63, 64, 69):  # 16 and 64 beats are drawn at once
        assert np.array_equal(drawn[[k]], make(windows[[k]], FS, height=12, width=20)), k


@every_field
def test_fields_leave_the_input_alone(make, windows):
    before = windows[:3].copy()
    make(before, FS)
    assert np.array_equal(before, windows[:3])


def test_gramian_is_the_cosine_of_the_sum_of_angles():
    levels = np.array([-2.5, -1.0, 0.0, 0.7, 2.5])
    angles = np.arccos((levels + 2.5) / 5)
    expected = 255 * (np.cos(angles[:, None] + angles) + 1) / 2
    drawn = images.gramian(plateaus(*levels), FS, height=5, width=5)[0, :, :, 0]
    # rounding, and near -2.5 and 2.5 mV, where the arc cosine is steep, the plateaus' blurred ends
    assert drawn == pytest.approx(expected, abs=3)
    assert drawn[1:4, 1:4] == pytest.approx(expected[1:4, 1:4], abs=0.6)


def test_the_gramian_diagonal_gives_the_voltage_back(windows):
    drawn = images.gramian(windows, FS, height=108, width=108)[:, :, :, 0]
    cosines = np.diagonal(drawn, axis1=1, axis2=2) / 127.5 - 1
    voltage = np.sqrt((cosines + 1) / 2) * 5 - 2.5
    middles = images.rasterize(windows, FS, height=500, width=108)[:, :, :, 0].astype(float)
    rows = (middles * np.arange(500)[:, None]).sum(axis=1) / middles.sum(axis=1) + 0.5
    assert np.abs(voltage - (2.5 - rows / 100)).mean() < 0.01


def test_gramian_keeps_height_and_direction():
    small, tall, low = (images.gramian(spike(mv), FS).astype(int) for mv in (0.5, 1, -0.5))
    assert np.abs(small - tall).max() > 20 and np.abs(small - low).max() > 20


def test_recurrence_is_the_distance_in_millivolts():
    levels = np.array([-2.0, 0.0, 0.4, 1.5])
    drawn = images.recurrence(plateaus(*levels), FS, height=4, width=4)[0, :, :, 0]
    assert drawn == pytest.approx(51 * np.abs(levels[:, None] - levels), abs=0.6)
    half = images.recurrence(plateaus(*levels), FS, height=4, width=4, mv=(-2, 0.5))[0, :, :, 0]
    clipped = np.minimum(levels, 0.5)
    assert half == pytest.approx(102 * np.abs(clipped[:, None] - clipped), abs=0.6)


def test_states_of_several_voltages():
    levels = np.array([0.0, 1.0, 0.0, -1.0, 0.0, 1.0])
    delay = 999 / FS
    drawn = images.recurrence(plateaus(*levels), FS, height=4, width=4, dimension=3, delay=delay)
    states = np.stack([levels[k : k + 4] for k in range(3)], axis=1)
    distances = np.sqrt(((states[:, None] - states) ** 2).mean(axis=2))
    assert drawn[0, :, :, 0] == pytest.approx(51 * distances, abs=0.6)
    assert drawn[0, 0, 2, 0] > 0, "a rising and a falling 0 mV"
    plain = images.recurrence(plateaus(*levels), FS, height=6, width=6)[0, :, :, 0]
    assert plain[0, 2] == 0


@pytest.mark.parametrize(
    "arguments",
    [{"dimension": 0}, {"delay": 0.001}, {"delay": -0.1}, {"dimension": 11}, {"delay": 0.0}],
)
def test_impossible_states_are_refused(arguments):
    with pytest.raises(ValueError, match=r"dimension is .* for 108 samples at 360 Hz; dimension"):
        images.recurrence(np.zeros((1, 108, 1)), FS, **{"dimension": 2, **arguments})


@pytest.mark.parametrize("frequency", [5.0, 10.0, 20.0, 40.0])
@pytest.mark.parametrize("fs", [250.0, 360.0])
def test_a_sine_is_brightest_in_the_row_of_its_frequency(frequency, fs):
    time = np.arange(round(2 * fs)) / fs
    wave = 0.8 * np.sin(2 * np.pi * frequency * time)[None, :, None]
    drawn = images.scalogram(wave, fs, height=65, width=20, hz=(2.5, 40.0))[0, :, :, 0]
    rows = np.geomspace(40.0, 2.5, 65)
    middle = drawn[:, 10].astype(int)
    assert rows[middle.argmax()] == pytest.approx(frequency, rel=0.05)
    assert middle.max() == pytest.approx(0.8 * 255, rel=0.05), "its amplitude"


def test_a_scalogram_tells_when():
    early = images.scalogram(spike(1, at=20), FS)[0, :, :, 0]
    assert early[:30].sum(axis=0).argmax() == pytest.approx(20 / 107 * 64, abs=1)
    flat = images.scalogram(np.full((1, 108, 1), 1.5), FS)
    assert flat.max() <= 1, "no edge where a window begins or ends"


@pytest.mark.parametrize("hz", [(0, 40), (-1, 40), (40, 10), (10, 10), (3, 181), (3, np.nan)])
def test_impossible_frequencies_are_refused(hz):
    with pytest.raises(ValueError, match=r"hz is .*; it must rise, from above 0 to at most 180 Hz"):
        images.scalogram(np.zeros((1, 108, 1)), FS, hz=hz)


# --- beat and rhythm in one image -----------------------------------------------------------


def test_a_card_is_a_raster_above_a_raster(windows):
    strips = np.tile(windows, (1, 4, 1))
    drawn = images.card(windows, strips, FS, before=0.5, height=60, width=50, strip=20)
    assert drawn.shape == (520, 60, 50, 2) and drawn.dtype == np.uint8
    assert np.array_equal(drawn[:, :40], images.rasterize(windows, FS, height=40, width=50))
    below = images.rasterize(strips, FS, height=20, width=50)
    below[:, 0, 20] = 255  # 0.5 s of 431 / 360 s, in 50 columns
    assert np.array_equal(drawn[:, 40:], below)
    ends = [images.card(windows, strips, FS, before=before) for before in (0, 431 / FS)]
    assert (ends[0][:, 48, 0] == 255).all() and (ends[1][:, 48, 63] == 255).all()


def test_a_card_shows_prematurity():
    peaks = {"on time": [300, 600, 900], "early": [300, 510, 900]}
    shown = {}
    for name, at in peaks.items():
        strip = sum(spike(1, k, 1200) for k in at)
        beat = strip[:, at[1] - 90 : at[1] + 126]
        moved = np.roll(strip, 600 - at[1], axis=1)
        shown[name] = images.card(beat, moved, FS, before=600 / FS)[0, :, :, 0]
    assert np.array_equal(shown["on time"][:48], shown["early"][:48]), "the same shape"
    above = {name: image[48:54, :25].max(axis=0) for name, image in shown.items()}  # 0.6 mV
    first = {name: np.flatnonzero(columns > 100)[0] for name, columns in above.items()}
    columns = 90 / (1199 / 64)  # in a quarter of a second
    assert first["early"] - first["on time"] == pytest.approx(columns, abs=1)


@pytest.mark.parametrize(
    ("shape", "arguments", "message"),
    [
        ((4, 400, 1), {}, "5 windows of 1 leads and 4 strips of 1; give one strip for each"),
        ((5, 400, 2), {}, "5 windows of 1 leads and 5 strips of 2"),
        ((5, 400), {}, r"strips have shape \(5, 400\)"),
        ((5, 400, 1), {"before": 1.2}, "before is 1.2 s; a strip goes from 0 to 1.10833 s"),
        ((5, 400, 1), {"before": -0.1}, "before is -0.1 s"),
        ((5, 400, 1), {"before": np.nan}, "before is nan s"),
        ((5, 400, 1), {"strip": 1}, "1 × 64 pixels is too small"),
        ((5, 400, 1), {"strip": 63}, "1 × 64 pixels is too small"),
    ],
)
def test_what_a_card_refuses_is_named(shape, arguments, message):
    with pytest.raises(ValueError, match=message):
        images.card(np.zeros((5, 100, 1)), np.zeros(shape), FS, **{"before": 0.5, **arguments})


def test_a_strip_must_hold_numbers():
    with pytest.raises(ValueError, match="strips hold NaN"):
        images.card(np.zeros((1, 9, 1)), np.full((1, 9, 1), np.nan), FS, before=0)


# --- memory ---------------------------------------------------------------------------------


def needed(make, count):
    """Return how many bytes it takes to draw, beyond the images themselves."""
    windows = np.zeros((count, 108, 1), dtype=np.float32)
    tracemalloc.start()
    try:
        drawn = make(windows)
        return tracemalloc.get_traced_memory()[1] - drawn.nbytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("make", [*ALL, images.card], ids=lambda make: make.__name__)
def test_memory_does_not_grow_with_the_beats(make):
    size = {"fs": FS, "height": 32, "width": 32}

    def draw(windows):
        if make is images.card:
            return images.card(windows, windows, before=0.1, **size)
        return make(windows, **size)

    needed(draw, 2)  # tables
    grown = needed(draw, 1024) - needed(draw, 512)
    assert grown < 512 * 32 * 32 / 4, "what checks the samples does grow, by a byte for each"
