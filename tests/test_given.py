"""What functions are given: numbers, names and places, taken or refused by name."""

from fractions import Fraction

import numpy as np
import pytest

from ecglab import given


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3)])
def test_whole_numbers_become_plain_ones(value):
    taken = given.whole("seed", value, 0, 3)
    assert taken == 3 and type(taken) is int


@pytest.mark.parametrize(
    "value", [2.0, 2.5, np.float64(2), "2", None, True, np.True_, [2], np.array([2]), 1j, -1, 4]
)
def test_what_is_no_whole_number_is_named(value):
    with pytest.raises(ValueError, match=r"^steps is .*; give a whole number from 0 to 3$"):
        given.whole("steps", value, 0, 3)


@pytest.mark.parametrize(
    ("value", "kind"),
    [(1, int), (0.5, float), (np.float32(0.5), float), (np.array(2), int), (Fraction(1, 2), float)],
)
def test_numbers_become_plain_ones(value, kind):
    taken = given.number("rate", value)
    assert taken == float(value) and type(taken) is kind


@pytest.mark.parametrize("value", [np.nan, np.inf, "1", None, False, [1.0], np.ones(1), 1j, -2])
def test_what_is_no_number_is_named(value):
    with pytest.raises(ValueError, match=r"^rate is .*; give a finite number, -1 or more$"):
        given.number("rate", value, -1)


def test_infinity_may_be_allowed():
    assert np.isnan(given.number("rate", np.nan, finite=False))
    with pytest.raises(ValueError, match="rate is '1'"):
        given.number("rate", "1", finite=False)


def test_a_string_is_one_name():
    assert given.names("MLII") == ("MLII",)
    assert given.names(name for name in ("I", "II")) == ("I", "II")
    assert given.each_once("100", "records") == ("100",)
    with pytest.raises(ValueError, match="records name b, a more than once; name each once"):
        given.each_once(["b", "a", "b", "a", "c"], "records")


def test_a_place_is_tried_and_left_as_it_was(tmp_path):
    place = tmp_path / "new" / "deep"
    assert given.writable(place) == place
    assert given.writable_file(place / "one.json") == place / "one.json"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/proc", "/proc/new", "/dev/null", "", "a\0b", "x" * 300, 3])
def test_places_that_cannot_be_written_are_named(place):
    with pytest.raises(OSError, match=f"^{place!s} can't be written: .*; give another folder$"):
        given.writable(place)
