"""What the package uses of wfdb beyond its documented functions, and relies on.

A test that fails here says that a new wfdb has changed inside, and what must follow. Nothing of
the package is imported: it could not be if a name were gone.
"""

import importlib
import inspect

import numpy as np
import pytest
import wfdb
from small_recordings import write_mitdb

HEADER = (
    *("fs", "n_sig", "sig_len", "sig_name", "file_name", "fmt", "units", "adc_gain", "baseline"),
    *("samps_per_frame", "skew", "byte_offset", "comments", "checksum"),
)


def inside(name):
    """Return what is not among wfdb's documented names."""
    module = importlib.import_module("wfdb.io.annotation")
    assert hasattr(module, name), f"{module.__name__} has no {name}, which ecglab.databases imports"
    return getattr(module, name)


@pytest.fixture
def base(tmp_path):
    """A record's path without suffix, with marks that have subtypes and texts, far apart."""
    marks = {"extra": [(450, "~"), (600, "+")], "subtypes": {450: -1}, "texts": {600: "(AFIB"}}
    return str(write_mitdb(tmp_path, samples=(100, 1700), symbols="NV", **marks) / "100")


def test_the_table_of_symbols():
    table = inside("ann_label_table")
    for column in ("label_store", "symbol"):
        assert column in table, f"ecglab.databases.SYMBOLS is made of the column {column!r}"
    symbols = dict(zip(table["label_store"], table["symbol"], strict=True))
    assert symbols[0] == " ", "ecglab.databases.SYMBOLS leaves out 0, the end of a file"
    for code, symbol in {1: "N", 5: "V", 14: "~", 28: "+"}.items():
        assert symbols[code] == symbol, f"WFDB's code {code} means {symbol!r}"


def test_annotation_bytes_are_taken_apart(base):
    function = inside("proc_ann_bytes")
    caller = "ecglab.databases.read_annotation"
    arguments = list(inspect.signature(function).parameters)
    assert arguments == ["filebytes", "sampto"], f"{caller} gives it pairs of bytes, and no limit"
    with open(f"{base}.atr", "rb") as file:
        pairs = np.frombuffer(file.read(), np.uint8).reshape(-1, 2)
    parts = function(pairs, None)
    assert len(parts) == 6, f"{caller} takes six: samples, codes, subtypes, two more, texts"
    samples, codes, subtypes, _, _, texts = parts
    assert list(samples) == [100, 450, 600, 1700], f"{caller} takes samples first"
    assert list(codes) == [1, 14, 28, 5], f"{caller} takes codes second"
    assert list(subtypes) == [0, -1, 0, 0], f"{caller} takes subtypes third"
    assert [text.strip("\0") for text in texts] == ["", "", "(AFIB", ""], f"{caller}: texts last"


def test_a_header_has_what_is_checked(base):
    header = wfdb.rdheader(base)
    for name in HEADER:
        assert hasattr(header, name), f"ecglab.records reads {name} of a header"
    assert set(header.skew) == set(header.byte_offset) == {None}, "None where there is none"
    assert set(header.samps_per_frame) == {1} and header.fmt == ["212", "212"]


def test_a_record_gives_its_checksums(base):
    raw = wfdb.rdrecord(base, physical=False)
    assert raw.d_signal.shape == (1800, 2) and raw.d_signal.dtype.kind == "i"
    sums = raw.calc_checksum()
    assert np.array_equal(sums, np.array(raw.checksum) % 65536), "ecglab.records compares them"
    assert np.array_equal(sums, raw.d_signal.sum(axis=0) % 65536), "sums modulo 2**16"


def test_a_gain_of_zero_becomes_200(base):
    with open(f"{base}.hea") as file:
        text = file.read()
    with open(f"{base}.hea", "w") as file:
        file.write(text.replace(" 200(", " 0("))
    gains = wfdb.rdheader(base).adc_gain
    assert gains == [200, 200], "ecglab.formats says so, ecglab.databases counts on it for nstdb"
