"""The exercises of chapter 4, Turning a beat into an image."""

import numpy as np

from ecglab import images
from ecglab.exercises import Function, Value

# --- 4.2: who is clipped? ------------------------------------------------------------------------


def clipped_share(windows: np.ndarray, limit: float) -> float:
    """The share of beats that reach beyond ±limit anywhere."""
    highest = np.abs(windows).max(axis=(1, 2))
    return (highest > limit).mean()


def share_above(windows: np.ndarray, limit: float) -> float:
    """No absolute value: only what lies above."""
    highest = windows.max(axis=(1, 2))
    return (highest > limit).mean()


def share_by_highest(windows: np.ndarray, limit: float) -> float:
    """The absolute value too late, of the highest voltage."""
    highest = windows.max(axis=(1, 2))
    return (np.abs(highest) > limit).mean()


def share_below(windows: np.ndarray, limit: float) -> float:
    """Only what lies below -limit."""
    lowest = windows.min(axis=(1, 2))
    return (lowest < -limit).mean()


def share_of_leads(windows: np.ndarray, limit: float) -> float:
    """One axis only: the share of all leads of all beats."""
    highest = np.abs(windows).max(axis=1)
    return (highest > limit).mean()


def share_of_moments(windows: np.ndarray, limit: float) -> float:
    """The other axis only: the share of all moments of all beats."""
    highest = np.abs(windows).max(axis=2)
    return (highest > limit).mean()


def share_of_places(windows: np.ndarray, limit: float) -> float:
    """The beats' axis taken away: the share of samples at which any beat is clipped."""
    highest = np.abs(windows).max(axis=0)
    return (highest > limit).mean()


def share_of_samples(windows: np.ndarray, limit: float) -> float:
    """Samples are counted, not beats."""
    return (np.abs(windows) > limit).mean()


def share_of_first_lead(windows: np.ndarray, limit: float) -> float:
    """The first lead only."""
    return clipped_share(windows[:, :, :1], limit)


def share_in_all_leads(windows: np.ndarray, limit: float) -> float:
    """Beyond in every lead."""
    highest = np.abs(windows).max(axis=1)
    return (highest > limit).all(axis=1).mean()


def share_by_mean(windows: np.ndarray, limit: float) -> float:
    """The mean size in place of the greatest."""
    size = np.abs(windows).mean(axis=(1, 2))
    return (size > limit).mean()


def share_by_range(windows: np.ndarray, limit: float) -> float:
    """From lowest to highest, against the limit."""
    height = np.ptp(windows, axis=(1, 2))
    return (height > limit).mean()


def share_at_or_beyond(windows: np.ndarray, limit: float) -> float:
    """The limit itself counts as beyond."""
    highest = np.abs(windows).max(axis=(1, 2))
    return (highest >= limit).mean()


def clipped_count(windows: np.ndarray, limit: float) -> int:
    """How many, not which share."""
    highest = np.abs(windows).max(axis=(1, 2))
    return (highest > limit).sum()


def clipped_percent(windows: np.ndarray, limit: float) -> float:
    """Per cent."""
    return 100 * clipped_share(windows, limit)


def share_inside(windows: np.ndarray, limit: float) -> float:
    """The beats that are not clipped."""
    return 1 - clipped_share(windows, limit)


def which_clipped(windows: np.ndarray, limit: float) -> np.ndarray:
    """True or False for each beat."""
    return np.abs(windows).max(axis=(1, 2)) > limit


#: Shape (5, 4, 3): quiet, high in lead 1, low in lead 2, low in leads 0 and 2, exactly at ±2.5.
FIVE = np.full((5, 4, 3), 0.25)
FIVE[1, 2, 1] = 3.0
FIVE[2, 0, 2] = -3.5
FIVE[3, 3, 0] = -2.75
FIVE[3, 1, 2] = -4.0
FIVE[4, 1, 0] = 2.5
FIVE[4, 2, 1] = -2.5

#: Shape (8, 3, 2): beat by beat larger, in turn up and down.
EIGHT = np.zeros((8, 3, 2))
EIGHT[:, 1, 0] = [0.5, -1.0, 1.5, -2.0, 2.5, -3.0, 3.5, -4.0]
EIGHT[:, 2, 1] = [-0.25, 0.75, 0.5, 1.0, -2.75, 0.5, 3.75, 1.25]

#: Shape (4, 2, 1): one lead; the first beat lies below 0 throughout.
FOUR = np.array([[[-2.75], [-3.0]], [[1.0], [2.0]], [[2.25], [-4.0]], [[0.5], [0.25]]])


# --- 4.3: measure on the picture -----------------------------------------------------------------

ROW = 5 / 64  # mV


def bright_rows(image: np.ndarray) -> np.ndarray:
    """The rows with a pixel brighter than 127."""
    bright = (image > 127).any(axis=1)
    return np.flatnonzero(bright)


def top(image: np.ndarray) -> float:
    """The voltage at the middle of the first bright row."""
    row = bright_rows(image)[0]
    return 2.5 - (row + 0.5) * ROW


def upper_edge(image: np.ndarray) -> float:
    """The row's edge in place of its middle."""
    return top(image) + ROW / 2


def lower_edge(image: np.ndarray) -> float:
    """The row's other edge."""
    return top(image) - ROW / 2


def a_row_too_high(image: np.ndarray) -> float:
    """The middle of the row before, as when half a row is added, not taken away."""
    return top(image) + ROW


def a_row_too_low(image: np.ndarray) -> float:
    """The middle of the row after, as when rows are counted from 1."""
    return top(image) - ROW


def last_bright(image: np.ndarray) -> float:
    """The last bright row in place of the first."""
    row = bright_rows(image)[-1]
    return 2.5 - (row + 0.5) * ROW


def in_63_steps(image: np.ndarray) -> float:
    """From +2.5 at row 0 to -2.5 at row 63, as np.linspace spaces it."""
    row = bright_rows(image)[0]
    return 2.5 - row * 5 / 63


def middle_in_63_steps(image: np.ndarray) -> float:
    """The middle, as if 63 rows shared the range."""
    row = bright_rows(image)[0]
    return 2.5 - (row + 0.5) * 5 / 63


def upside_down(image: np.ndarray) -> float:
    """Row 0 at the bottom."""
    return -top(image)


def half_the_range(image: np.ndarray) -> float:
    """2.5 mV for all the rows."""
    row = bright_rows(image)[0]
    return 2.5 - (row + 0.5) * 2.5 / 64


def any_grey(image: np.ndarray) -> float:
    """The first pixel that is not black."""
    bright = np.where(image > 0, 255, 0)
    return top(bright)


def brightest(image: np.ndarray) -> float:
    """The first row with the brightest pixel."""
    bright = np.where(image == image.max(), 255, 0)
    return top(bright)


def by_columns(image: np.ndarray) -> float:
    """The first bright column in place of the row."""
    return top(image.T)


def only_the_row(image: np.ndarray) -> int:
    """The row's number, no voltage."""
    return int(bright_rows(image)[0])


def portrait(*corners: tuple[int, float]) -> np.ndarray:
    """The picture of a line from corner to corner, each a sample and a voltage in mV."""
    places, heights = zip(*corners, strict=True)
    line = np.interp(np.arange(216), places, heights)
    return images.rasterize(line[None, :, None], 360.0)[0, :, :, 0]


#: By hand: a faint row, one at exactly 127, the first bright one, and a brighter one below.
FAINT = np.zeros((64, 64), dtype=np.uint8)
FAINT[50, 10:20] = 40
FAINT[51, 12:30] = 127
FAINT[52, 40] = 128
FAINT[54, 5:60] = 255

LINES = [
    portrait((0, 0.1), (80, 0.1), (90, 2.13), (104, -0.9), (215, 0.2)),
    portrait((0, -0.4), (60, 1.52), (215, -1.7)),
    portrait((0, -1.3), (150, -1.93), (160, -1.2), (170, -2.1), (215, -1.55)),
    portrait((0, -2.05), (215, -2.05)),
    FAINT,
]


# --- 4.4: a typical beat without the future ------------------------------------------------------


def usual(windows: np.ndarray, first: int) -> np.ndarray:
    """The median of the first windows."""
    return np.median(windows[:first], axis=0)


def usual_mean(windows: np.ndarray, first: int) -> np.ndarray:
    """The mean in place of the median."""
    return np.mean(windows[:first], axis=0)


def usual_of_all(windows: np.ndarray, first: int) -> np.ndarray:
    """All windows, the future included."""
    return np.median(windows, axis=0)


def usual_of_last(windows: np.ndarray, first: int) -> np.ndarray:
    """The last windows in place of the first."""
    return np.median(windows[-first:], axis=0)


def usual_and_next(windows: np.ndarray, first: int) -> np.ndarray:
    """One window too many."""
    return np.median(windows[: first + 1], axis=0)


def usual_but_one(windows: np.ndarray, first: int) -> np.ndarray:
    """One window too few."""
    return np.median(windows[: first - 1], axis=0)


def usual_from_second(windows: np.ndarray, first: int) -> np.ndarray:
    """The first window is left out, as if windows were counted from 1."""
    return np.median(windows[1 : first + 1], axis=0)


def usual_single(windows: np.ndarray, first: int) -> np.ndarray:
    """A single window, the one at `first`."""
    return windows[first - 1]


def usual_voltage(windows: np.ndarray, first: int) -> float:
    """The median of everything: one number."""
    return float(np.median(windows[:first]))


def usual_over_samples(windows: np.ndarray, first: int) -> np.ndarray:
    """The median along each beat: a number for each beat and lead."""
    return np.median(windows[:first], axis=1)


def usual_over_leads(windows: np.ndarray, first: int) -> np.ndarray:
    """The leads thrown together."""
    return np.median(windows[:first], axis=(0, 2))


def usual_unsorted(windows: np.ndarray, first: int) -> np.ndarray:
    """The window in the middle of the row of beats: nothing is sorted."""
    return windows[:first][first // 2]


def usual_upper(windows: np.ndarray, first: int) -> np.ndarray:
    """Of an even number of voltages the upper of the two in the middle."""
    ordered = np.sort(windows[:first], axis=0)
    return ordered[first // 2]


#: Shapes (beats, samples, leads), no two of them alike.
SEVEN = np.random.default_rng(4).integers(-20, 30, (7, 5, 2)) / 8
SIX = np.random.default_rng(5).integers(-20, 30, (6, 4, 3)) / 8


# --- 4.5: a field that knows up from down --------------------------------------------------------


def angles(x: np.ndarray) -> np.ndarray:
    """The angles of a beat on its own scale -1…1."""
    share = (x - x.min()) / np.ptp(x)
    return np.arccos(2 * share - 1)


def gadf(x: np.ndarray) -> np.ndarray:
    """The sine of the difference."""
    angle = angles(x)
    return np.sin(angle[:, None] - angle)


def gadf_turned(x: np.ndarray) -> np.ndarray:
    """Rows and columns swapped."""
    return gadf(x).T


def cosine_of_sum(x: np.ndarray) -> np.ndarray:
    """The other field: `gaf`."""
    angle = angles(x)
    return np.cos(angle[:, None] + angle)


def sine_of_sum(x: np.ndarray) -> np.ndarray:
    """The sine, but of the sum."""
    angle = angles(x)
    return np.sin(angle[:, None] + angle)


def cosine_of_difference(x: np.ndarray) -> np.ndarray:
    """The difference, but its cosine."""
    angle = angles(x)
    return np.cos(angle[:, None] - angle)


def from_0_to_1(x: np.ndarray) -> np.ndarray:
    """The scale 0…1 in place of -1…1."""
    share = (x - x.min()) / np.ptp(x)
    angle = np.arccos(share)
    return np.sin(angle[:, None] - angle)


def on_a_fixed_scale(x: np.ndarray) -> np.ndarray:
    """The fixed scale, ±2.5 mV, in place of the beat's own."""
    angle = np.arccos(np.clip(x / 2.5, -1, 1))
    return np.sin(angle[:, None] - angle)


def by_largest_size(x: np.ndarray) -> np.ndarray:
    """Divided by the largest size: the ends of the scale are not reached."""
    angle = np.arccos(x / np.abs(x).max())
    return np.sin(angle[:, None] - angle)


def without_angles(x: np.ndarray) -> np.ndarray:
    """The sine of the difference of the voltages themselves."""
    scaled = 2 * (x - x.min()) / np.ptp(x) - 1
    return np.sin(scaled[:, None] - scaled)


def in_degrees(x: np.ndarray) -> np.ndarray:
    """Angles in degrees, which np.sin takes for radians."""
    angle = np.degrees(angles(x))
    return np.sin(angle[:, None] - angle)


# --- all -----------------------------------------------------------------------------------------

EXERCISES = {
    "4.1": Value(
        expected=0.2 / (5 / 128),
        within=0.025,  # 5.1 is right; 5.08, from 127 steps, is not
        hint="First find how many mV a single pixel is high.",
        mistakes={
            "You took 64 pixels, the chapter's usual size; this image is higher.": 2.56,
            "From −2.5 to +2.5 mV is twice as much as from 0 to +2.5 mV.": 10.24,
            "You forgot to divide by the range: how many mV do all the pixels share?": 0.2 * 128,
            "This is the height of one pixel in mV. How many of them make the step?": 5 / 128,
            "Upside down: this is how many steps go into a pixel.": 5 / 128 / 0.2,
            "Divide the step by the height of a pixel; you multiplied them.": 0.2 * 5 / 128,
            "All the rows share the range, not one row fewer.": 0.2 * 127 / 5,
            "Keep the decimals: a step need not be a whole number of pixels.": 5,
        },
    ),
    "4.2": Function(
        expected=clipped_share,
        cases=[(FIVE, 2.5), (FIVE, 3.25), (EIGHT, 1.125), (EIGHT, 2.5), (FOUR, 2.5), (FOUR, 0.9)],
        hint="A beat counts once, if any voltage of any of its leads lies beyond the limit.",
        mistakes={
            "Mind the negative voltages: a beat can leave the range below, too.": share_above,
            "The sign has to go before the greatest is taken, not after.": share_by_highest,
            "These beats leave the range below. What of those that leave it above?": share_below,
            "You counted leads: a beat with several leads counts several times.": share_of_leads,
            "You counted moments of beats, not beats. Which axes hold one beat?": share_of_moments,
            "You put the beats together first. Which axis has to stay?": share_of_places,
            "You counted samples. A beat counts once, however many lie beyond.": share_of_samples,
            "There may be more than one lead; you looked at the first.": share_of_first_lead,
            "One lead beyond the limit is enough; you want all of them.": share_in_all_leads,
            "A mean hides a single high peak. Which voltage decides?": share_by_mean,
            "Highest minus lowest is not what leaves the range.": share_by_range,
            "A voltage of exactly the limit does not lie beyond it.": share_at_or_beyond,
            "This is a number of beats; the share is wanted.": clipped_count,
            "This is a percentage; a share lies between 0 and 1.": clipped_percent,
            "These are the beats that stay inside.": share_inside,
            "You say for each beat whether it is clipped; now take the share.": which_clipped,
        },
    ),
    "4.3": Function(
        expected=top,
        cases=[(line,) for line in LINES],
        within=0.006,  # two decimals are enough; half a row is 0.039
        hint="Row 0 begins at +2.5 mV; each row is 5/64 mV high; take the middle of the row.",
        mistakes={
            "This is the upper edge of the row; its middle lies half a row lower.": upper_edge,
            "This is the lower edge of the row; its middle lies half a row higher.": lower_edge,
            "You are a row too high: from the upper edge, which way is the middle?": a_row_too_high,
            "You are a row too low: rows are counted from 0.": a_row_too_low,
            "This is the last bright row, the lowest voltage. Which is the first?": last_bright,
            "Rows have a height: 64 of them share the 5 mV, not 63 steps.": in_63_steps,
            "64 rows share the 5 mV, not 63.": middle_in_63_steps,
            "Upside down: row 0 is at the top, where the voltage is highest.": upside_down,
            "The rows share all that lies between −2.5 and +2.5 mV.": half_the_range,
            "You stopped at a faint pixel: only those brighter than 127 count.": any_grey,
            "Not the brightest pixel: the first that is brighter than 127.": brightest,
            "You searched the columns, which are time. Voltage runs along the rows.": by_columns,
            "This is the number of the row. Which voltage does it stand for?": only_the_row,
        },
    ),
    "4.4": Function(
        expected=usual,
        cases=[(SEVEN, 3), (SEVEN, 4), (SIX, 5), (SIX, 2)],
        within=0.006,
        hint="Take the first windows; then take the median along the axis that holds the beats.",
        mistakes={
            "This is the mean: a few odd beats pull it away. Take the median.": usual_mean,
            "You used all windows, the future included.": usual_of_all,
            "These are the last windows; a monitor has heard the first.": usual_of_last,
            "This is one window too many: a slice ends before its second number.": usual_and_next,
            "This is one window too few: a slice ends before its second number.": usual_but_one,
            "The first window has the number 0; you left it out.": usual_from_second,
            "This is a single window; the median of several is wanted.": usual_single,
            "This is the median of everything; each sample of a lead has its own.": usual_voltage,
            "This is the median over the samples. Which axis holds the beats?": usual_over_samples,
            "You mixed the leads; each has its own median.": usual_over_leads,
            "The beat in the middle of the list is not the median: sort first.": usual_unsorted,
            "For an even number, the median lies between the two in the middle.": usual_upper,
        },
    ),
    "4.5": Function(
        expected=gadf,
        cases=[
            (np.array([0.0, 1.0, 3.0]),),
            (np.array([0.25, -0.5, 1.75, -1.0, 0.5]),),
            (np.array([-0.25, -0.125, -0.875, -0.75]),),
        ],
        within=0.006,
        hint="Begin as in gaf; only the last line differs.",
        mistakes={
            "Row i takes its angle first: φᵢ − φⱼ. You have rows and columns swapped.": gadf_turned,
            "This is gaf, the cosine of the sum. Which function, and of what?": cosine_of_sum,
            "This is the sine of the sum; the difference is wanted.": sine_of_sum,
            "This is the cosine of the difference; the sine is wanted.": cosine_of_difference,
            "You scaled to 0…1. The least value has to become −1.": from_0_to_1,
            "Take the beat's own least and greatest value, not a fixed range.": on_a_fixed_scale,
            "Its own least value must become −1 and its greatest 1, both.": by_largest_size,
            "The angles are missing: take the arccos of the scaled voltages.": without_angles,
            "np.sin takes radians, and np.arccos gives them: no degrees.": in_degrees,
        },
    ),
}
