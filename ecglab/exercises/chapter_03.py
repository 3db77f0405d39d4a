"""The exercises of chapter 3, Finding and cutting beats."""

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, sosfilt, sosfiltfilt

from ecglab.exercises import Function, Value

#: The upper ends of the band among which exercise 3.5 lets choose, in Hz.
UPPER = (15, 25, 40)

Errors = Callable[[int], int]  # missed and invented beats, by the upper end of the band


# --- 3.2 -----------------------------------------------------------------------------------------


def rate(samples: np.ndarray, fs: float) -> float:
    """Return the heart rate from the median interval."""
    return 60 * fs / np.median(np.diff(samples))


def rate_from_mean(samples: np.ndarray, fs: float) -> float:
    """Take the mean in place of the median."""
    return 60 * fs / np.mean(np.diff(samples))


def median_of_rates(samples: np.ndarray, fs: float) -> float:
    """Turn each interval into a rate, then take the median."""
    return np.median(60 * fs / np.diff(samples))


def mean_of_rates(samples: np.ndarray, fs: float) -> float:
    """Turn each interval into a rate, then take the mean."""
    return np.mean(60 * fs / np.diff(samples))


def beats_by_duration(samples: np.ndarray, fs: float) -> float:
    """Divide the number of beats by the time from the first to the last."""
    return 60 * fs * len(samples) / (samples[-1] - samples[0])


def rate_a_second(samples: np.ndarray, fs: float) -> float:
    """Count beats a second."""
    return rate(samples, fs) / 60


def rate_in_samples(samples: np.ndarray, fs: float) -> float:
    """Forget the sampling rate."""
    return rate(samples, 1)


def rate_from_ms(samples: np.ndarray, fs: float) -> float:
    """Divide sixty by an interval in milliseconds."""
    return rate(samples, fs) / 1000


def usual_interval(samples: np.ndarray, fs: float) -> float:
    """Return the median interval itself, in s."""
    return np.median(np.diff(samples)) / fs


def whole_rate(samples: np.ndarray, fs: float) -> int:
    """Round to a whole number."""
    return round(rate(samples, fs))


def truncated_rate(samples: np.ndarray, fs: float) -> int:
    """Cut off to a whole number."""
    return int(rate(samples, fs))


def beats_at(first: int, intervals: list[int]) -> np.ndarray:
    """Place beats by the first one's sample and the intervals between them."""
    return np.cumsum([first, *intervals])


# --- 3.3 -----------------------------------------------------------------------------------------


def response(sos: np.ndarray, fs: int) -> np.ndarray:
    """Return what a filter makes of an impulse, in one second."""
    impulse = np.zeros(fs)
    impulse[0] = 1
    return sosfilt(sos, impulse)


def lateness(sos: np.ndarray, fs: int) -> float:
    """Return when the response is highest, in ms."""
    return 1000 * response(sos, fs).argmax() / fs


def late_samples(sos: np.ndarray, fs: int) -> int:
    """Return samples in place of ms."""
    return response(sos, fs).argmax()


def late_seconds(sos: np.ndarray, fs: int) -> float:
    """Return seconds in place of ms."""
    return lateness(sos, fs) / 1000


def late_from_one(sos: np.ndarray, fs: int) -> float:
    """Count the first sample as number one."""
    return 1000 * (late_samples(sos, fs) + 1) / fs


def late_upside_down(sos: np.ndarray, fs: int) -> float:
    """Convert samples the wrong way round."""
    return late_samples(sos, fs) * fs / 1000


def largest_swing(sos: np.ndarray, fs: int) -> float:
    """Look for the largest swing, up or down."""
    return 1000 * np.abs(response(sos, fs)).argmax() / fs


def both_ways(sos: np.ndarray, fs: int) -> float:
    """Filter forwards and backwards."""
    impulse = np.zeros(fs)
    impulse[0] = 1
    return 1000 * sosfiltfilt(sos, impulse).argmax() / fs


def step_response(sos: np.ndarray, fs: int) -> float:
    """Send ones all along in place of a single one."""
    return 1000 * sosfilt(sos, np.ones(fs)).argmax() / fs


def impulse_in_the_middle(sos: np.ndarray, fs: int) -> float:
    """Send the impulse half a second late."""
    impulse = np.zeros(fs)
    impulse[fs // 2] = 1
    return 1000 * sosfilt(sos, impulse).argmax() / fs


def low_pass(cutoff: float, fs: int) -> tuple[np.ndarray, int]:
    """Return a low-pass filter and its sampling rate."""
    return butter(2, cutoff, fs=fs, output="sos"), fs


def band_pass(band: tuple[float, float], fs: int) -> tuple[np.ndarray, int]:
    """Return a band-pass filter and its sampling rate; its deepest swing exceeds its highest."""
    return butter(2, band, btype="bandpass", fs=fs, output="sos"), fs


# --- 3.4 -----------------------------------------------------------------------------------------


def early(samples: np.ndarray) -> np.ndarray:
    """Tell which beats come early, against the mean interval."""
    intervals = np.diff(samples)
    return after_first(intervals < 0.85 * intervals.mean())


def after_first(short: np.ndarray, first: bool = False) -> np.ndarray:
    """Put a truth value for the first beat before those of the others."""
    return np.concatenate([[first], short])


def early_by_median(samples: np.ndarray) -> np.ndarray:
    """Take the median in place of the mean."""
    intervals = np.diff(samples)
    return after_first(intervals < 0.85 * np.median(intervals))


def early_by_last(samples: np.ndarray) -> np.ndarray:
    """Compare with the interval before."""
    intervals = np.diff(samples)
    shorter = intervals[1:] < 0.85 * intervals[:-1]
    return after_first(after_first(shorter))


def before_early(samples: np.ndarray) -> np.ndarray:
    """Mark the beat at the beginning of a short interval."""
    return np.roll(early(samples), -1)


def early_intervals(samples: np.ndarray) -> np.ndarray:
    """Give a value for each interval."""
    return early(samples)[1:]


def early_and_first(samples: np.ndarray) -> np.ndarray:
    """Count the first beat as early."""
    return after_first(early(samples)[1:], True)


def late(samples: np.ndarray) -> np.ndarray:
    """Mark the long intervals."""
    intervals = np.diff(samples)
    return after_first(intervals > 0.85 * intervals.mean())


def below_mean(samples: np.ndarray) -> np.ndarray:
    """Forget the factor."""
    intervals = np.diff(samples)
    return after_first(intervals < intervals.mean())


def below_divided(samples: np.ndarray) -> np.ndarray:
    """Put the factor on the wrong side."""
    intervals = np.diff(samples)
    return after_first(0.85 * intervals < intervals.mean())


def mean_with_zero(samples: np.ndarray) -> np.ndarray:
    """Count a zero in the mean, for the first beat."""
    intervals = np.diff(samples)
    mean = intervals.sum() / len(samples)
    return after_first(intervals < 0.85 * mean)


def mean_with_zero_and_first(samples: np.ndarray) -> np.ndarray:
    """Count a zero in the mean, and take it for a short interval."""
    return after_first(mean_with_zero(samples)[1:], True)


def places_of_early(samples: np.ndarray) -> np.ndarray:
    """Return the numbers of the early beats."""
    return np.flatnonzero(early(samples))


# --- 3.5 -----------------------------------------------------------------------------------------


def by_errors(errors_at: Errors) -> list[int]:
    """Return the upper ends, fewest errors first."""
    return sorted(UPPER, key=errors_at)


EXERCISES = {
    "3.1": Value(
        expected=[1, 2],
        hint="Which reports lie within 54 samples of a mark? Write down the pairs first.",
        mistakes={
            "These are the two numbers the other way round: the missed beats come first.": [2, 1],
            "Is 1360 close enough to 1300 for a pair? Count the samples between them.": [0, 1],
            "A report too far from its beat makes two errors: the beat is missed, and the "
            "report itself is invented.": [1, 1],
            "No report makes a pair with the beat at 1300, so is that beat found?": [0, 2],
            "The first number is that of the beats found. How many are missed?": [3, 2],
            "A report may also come before its mark: only the distance counts.": [3, 4],
            "A report need not lie exactly on its mark: how far off may it be?": [4, 5],
            "Not sample numbers are wanted but how many there are.": [1300, 1120],
        },
    ),
    "3.2": Function(
        expected=rate,
        cases=[
            (beats_at(50, [300, 310, 290, 800, 320]), 360),  # mean above the median
            (beats_at(0, [420, 430, 120, 440, 150]), 250),  # mean below it
            (beats_at(123, [333]), 500),
            (beats_at(7, [300, 520, 290, 801]), 360),  # an even number of them
            (beats_at(0, [251, 199, 270, 188, 243, 420, 231]), 250),
        ],
        within=0.051,
        hint="np.diff gives intervals in samples; 60 s make a minute.",
        mistakes={
            "This is the rate of the mean interval. A single long pause pulls the mean up; "
            "the median stays.": rate_from_mean,
            "You turned every interval into a rate first. Take the median of the intervals, "
            "then turn that one into a rate.": median_of_rates,
            "This is the mean of the rates of all intervals. Take the median of the "
            "intervals first.": mean_of_rates,
            "You counted beats and divided by the time. Use the median of the intervals "
            "between them.": beats_by_duration,
            "These are beats per second. How many seconds has a minute?": rate_a_second,
            "Your interval is still in samples. How do samples become seconds?": rate_in_samples,
            "Your interval is in milliseconds; a minute in seconds needs an interval in "
            "seconds.": rate_from_ms,
            "This is the median interval. How many such intervals fit into a "
            "minute?": usual_interval,
            "The rate is rounded to a whole number. Return it as it is.": whole_rate,
            "The rate is cut off to a whole number. Return it as it is.": truncated_rate,
        },
    ),
    "3.3": Function(
        expected=lateness,
        cases=[
            low_pass(15, 250),
            band_pass((5, 15), 360),
            low_pass(5, 500),
            band_pass((10, 20), 500),
            low_pass(5, 360),
            low_pass(40, 500),
        ],
        within=0.5,
        hint="argmax gives the number of the highest sample; one sample lasts 1000 / fs ms.",
        mistakes={
            "This is a number of samples. How many milliseconds does a sample last?": late_samples,
            "If these are seconds: milliseconds are wanted. If this is how high the output "
            "gets: the time is wanted.": late_seconds,
            "This is one sample too late: where the output is highest at sample 0, the delay "
            "is zero.": late_from_one,
            "More samples a second make each of them shorter: multiply and divide the other "
            "way round.": late_upside_down,
            "You looked for the largest swing, up or down. Asked is where the output is "
            "highest.": largest_swing,
            "You ran the filter backwards, too. A monitor cannot: use sosfilt.": both_ways,
            "Your signal stays at 1. An impulse is a single 1; all that follows is "
            "zero.": step_response,
            "The impulse itself comes late in your signal. Its 1 has to be the first "
            "sample.": impulse_in_the_middle,
        },
    ),
    "3.4": Function(
        expected=early,
        cases=[
            (beats_at(0, [300, 200, 400]),),
            (beats_at(40, [200, 205, 195, 700, 210, 190, 720]),),  # as in 232: mean above median
            (beats_at(0, [400, 405, 320, 410, 150, 160, 402]),),  # mean below median
            (beats_at(1000, [300, 245, 310, 305, 250, 320]),),
            (beats_at(5, [100, 390, 300, 300, 300, 265, 300, 500]),),
            (beats_at(0, [310, 300, 330, 320, 60]),),
        ],
        hint="np.diff gives one interval fewer than there are beats: put a False in front.",
        mistakes={
            "This compares with the median. Asked is the mean of all intervals.": early_by_median,
            "This compares with the interval before. Asked is the mean of all "
            "intervals.": early_by_last,
            "This marks the beat at the beginning of a short interval. Asked is the beat at "
            "its end.": before_early,
            "This has a value for each interval. One is missing for the first "
            "beat.": early_intervals,
            "The first beat has no interval before it: it should be False.": early_and_first,
            "This marks the long intervals. Early beats follow short ones.": late,
            "This marks all intervals below the mean. Where is the factor?": below_mean,
            "The factor belongs to the mean: it makes the limit lower.": below_divided,
            "Your mean includes a zero for the first beat. There is one interval fewer than "
            "beats.": mean_with_zero,
            "You gave the first beat an interval of zero. It has none: it is False, and it "
            "does not count in the mean.": mean_with_zero_and_first,
            "These are the numbers of the early beats. Give True or False for each "
            "beat.": places_of_early,
        },
    ),
    "3.5": Value(
        expected=lambda errors_at: by_errors(errors_at)[0],
        hint="Print errors_at for each of the three upper ends, and compare.",
        mistakes={
            "This upper end makes the most errors of the three.": (
                lambda errors_at: by_errors(errors_at)[2]
            ),
            "Another of the three makes fewer errors.": (lambda errors_at: by_errors(errors_at)[1]),
            "This is how many errors there are. Which upper end makes them?": (
                lambda errors_at: min(errors_at(upper) for upper in UPPER)
            ),
            "This is the band with both ends. Only its upper end is asked.": (
                lambda errors_at: [5, by_errors(errors_at)[0]]
            ),
            "These are the errors of all three. Which upper end makes the fewest?": (
                lambda errors_at: [errors_at(upper) for upper in UPPER]
            ),
        },
    ),
}
