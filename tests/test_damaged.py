"""Damaged recordings: hundreds of them, made by hypothesis, and what reading each one gives.

Two ways, because two guards stand one behind the other:

- with the pinned SHA-256 in force (as for all of mitdb and LUDB), any change must be refused;
- without them (as for nstdb), the header's redundancy is the only guard: a damaged recording is
  refused, or what it gives is the truth. Some damage no reader could see then, because the
  files stay a valid recording, of something else:

  * a header that names other leads, comments, gains or baselines: the stored integers, which the
    checksums prove, must still be the original's;
  * changes of the signal that leave each lead's sum as it was, as two samples that change places;
  * an annotation file whose marks are still in order, within the recording and of known kinds.
    Times and kinds may then be wrong, so all that is asked is that order.

Every reading has a limit of time, in a process with a limit of memory.
"""

import functools
import hashlib
import sys
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_recordings import write_ludb, write_mitdb

from ecglab import records

SECONDS = 5  # of this process's own computing: a busy computer takes longer by the clock
GIGABYTES = 3  # above what the process has already


# --- kinds of damage ------------------------------------------------------------------------

POSITION = st.floats(0, 1, exclude_max=True)
NUMBERS = st.sampled_from(
    [
        *("0", "1", "2", "7", "-1", "-200", "199", "65536", "1000000000000", "9" * 400),
        *("1e9", "0.5", "nan", "inf", "8", "16", "80", "212", "310", "24", "512", "0x10", ""),
        *("212x2", "212:5", "212:999999999999", "212+24", "16x9999999", "200(5)/uV", "100.dat"),
    ]
)
WORDS = st.sampled_from(["é", "\x00", "\t", "#", "~", "/3", "100.xyz", "..", "MLII", "漢字", "-"])


@st.composite
def flipped(draw, body):
    """Change one to eight bytes."""
    changed = bytearray(body)
    for _ in range(draw(st.integers(1, 8))):
        changed[int(draw(POSITION) * len(body))] ^= draw(st.integers(1, 255))
    return bytes(changed)


@st.composite
def cut(draw, body):
    return body[: int(draw(POSITION) * len(body))]


@st.composite
def extended(draw, body):
    return body + draw(st.binary(min_size=1, max_size=3000))


@st.composite
def swapped(draw, body):
    """Let two pieces of the file change places."""
    size = draw(st.integers(1, 30))
    first, second = (int(draw(POSITION) * (len(body) - size)) for _ in range(2))
    changed = bytearray(body)
    changed[first : first + size] = body[second : second + size]
    changed[second : second + size] = body[first : first + size]
    return bytes(changed)


@st.composite
def dropped(draw, body):
    """Take a piece out."""
    start = int(draw(POSITION) * len(body))
    return body[:start] + body[start + draw(st.integers(1, 40)) :]


@st.composite
def filled(draw, body):
    """Put one value in the place of a piece, as a disk does with a lost sector."""
    start, size = int(draw(POSITION) * len(body)), draw(st.integers(1, 512))
    return body[:start] + bytes([draw(st.integers(0, 255))]) * size + body[start + size :]


def garbage(body):
    """Put anything in the file's place, or nothing."""
    return st.binary(max_size=400)


@st.composite
def header_word(draw, body):
    """Put a number or an odd word in the place of a word of the header."""
    lines = body.split(b"\n")
    line = draw(st.integers(0, len(lines) - 1))
    words = lines[line].split(b" ")
    words[draw(st.integers(0, len(words) - 1))] = draw(NUMBERS | WORDS).encode()
    lines[line] = b" ".join(words)
    return b"\n".join(lines)


@st.composite
def header_line(draw, body):
    """Lose a line, or have it twice."""
    lines = body.split(b"\n")
    line = draw(st.integers(0, len(lines) - 2))
    lines[line : line + 1] = [lines[line]] * draw(st.sampled_from([0, 2]))
    return b"\n".join(lines)


@st.composite
def marks_inserted(draw, body):
    """Put pairs of bytes between the marks: jumps in time, kinds that there are not, notes."""
    start = int(draw(POSITION) * len(body)) // 2 * 2
    jump = draw(st.integers(-(2**31), 2**31 - 1)) & 0xFFFFFFFF
    skip = bytes([0, 59 << 2, jump >> 16 & 255, jump >> 24, jump & 255, jump >> 8 & 255])
    code = bytes([draw(st.integers(0, 255)), draw(st.integers(0, 63)) << 2])
    return body[:start] + draw(st.sampled_from([skip, code, skip + code])) + body[start:]


ANY = (flipped, cut, extended, swapped, dropped, filled, garbage)
HEADER = (*ANY, header_word, header_word, header_word, header_line)
MARKS = (*ANY, marks_inserted, marks_inserted)


def damages(body, suffix):
    kinds = {"hea": HEADER, "dat": ANY}.get(suffix, MARKS)
    return st.sampled_from(kinds).flatmap(lambda kind: kind(body)).filter(lambda new: new != body)


# --- reading --------------------------------------------------------------------------------


class Patient:
    """One recording on disk, its original content, and what reading it gives."""

    def __init__(self, root, database, name, suffixes):
        self.root, self.database, self.name = root, database, name
        known = records.DATABASES[database]
        folder = root / database / known.version
        files = [f"{known.folder}{name}.{suffix}" for suffix in known.suffixes]
        self.paths = dict(zip(known.suffixes, map(folder.joinpath, files), strict=True))
        self.bodies = {suffix: self.paths[suffix].read_bytes() for suffix in suffixes}
        self.hashes = {f: hashlib.sha256((folder / f).read_bytes()).hexdigest() for f in files}

    def damage(self, suffix, body):
        self.mend()
        self.paths[suffix].write_bytes(body)

    def mend(self):
        for suffix, body in self.bodies.items():
            if self.paths[suffix].read_bytes() != body:
                self.paths[suffix].write_bytes(body)

    @functools.cached_property
    def original(self):
        self.mend()
        return records.load(self.name, self.database)


def written(root, database):
    if database == "mitdb":
        write_mitdb(root, extra=[(450, "~"), (600, "~"), (1600, "[")], subtypes={450: -1})
        return Patient(root, "mitdb", "100", ("hea", "dat", "atr"))
    write_ludb(root)
    return Patient(root, "ludb", "1", ("hea", "dat", "ii", "v6"))


def read(patient):
    """Return the damaged record, or None if it was refused; anything else fails the test."""
    started = time.process_time()
    try:
        record = records.load(patient.name, patient.database)
    except records.DamagedRecording as error:
        assert str(patient.name) in str(error) and len(str(error)) < 2000
        record = None
    assert time.process_time() - started < SECONDS
    return record


def same_counts(new, old):
    """Tell whether two signals are the same integers, up to each lead's gain and baseline."""
    if new.signal.shape != old.signal.shape:
        return False
    for lead, expected in zip(new.signal.T.astype(float), old.signal.T.astype(float), strict=True):
        slope, offset = np.polyfit(expected, lead, 1)
        if slope <= 0 or not np.allclose(slope * expected + offset, lead, atol=1e-3 * slope):
            return False
    return True


def check_signal_and_marks(record, patient, suffix):
    """Hold what a damaged file gave against the original."""
    old = patient.original
    assert record.fs == old.fs and record.signal.dtype == np.float32
    length = len(record.signal)
    assert (np.diff(record.samples) >= 0).all()
    assert not len(record.samples) or 0 <= record.samples[0] <= record.samples[-1] < length
    assert set(record.symbols) <= set(records.BEAT_SYMBOLS)
    assert (record.episodes["onset"] <= record.episodes["offset"]).all()
    if suffix in ("hea", "dat"):
        assert record.samples.tolist() == old.samples.tolist()
    if suffix == "hea":
        assert same_counts(record, old), "the stored integers are the original's"
    elif suffix == "dat":
        sums = [record.signal.sum(axis=0, dtype=float), old.signal.sum(axis=0, dtype=float)]
        assert record.signal.shape == old.signal.shape and np.allclose(*sums, atol=1e-2)
    else:
        assert np.array_equal(record.signal, old.signal)


def fuzz(patient, examples, pinned, monkeypatch):
    """Damage a recording's files again and again, and read it; return how often."""
    assert patient.original.source == "folder", "read once before anything is damaged"
    hashes = patient.hashes if pinned else {}
    monkeypatch.setattr(records, "_hashes", lambda database: hashes)
    share = examples // len(patient.bodies)
    tried = sum(fuzz_file(patient, suffix, share, pinned) for suffix in patient.bodies)
    patient.mend()
    assert read(patient) is not None, "whole again"
    return tried


def fuzz_file(patient, suffix, examples, pinned):
    tried = 0

    @settings(
        max_examples=examples,
        derandomize=True,  # the same damage every time
        database=None,  # nothing written into the project
        suppress_health_check=list(HealthCheck),
    )
    @given(damages(patient.bodies[suffix], suffix))
    def one(damaged):
        nonlocal tried
        tried += 1
        patient.damage(suffix, damaged)
        record = read(patient)
        if record is not None:
            assert not pinned, "with pinned hashes every change is refused"
            check_signal_and_marks(record, patient, suffix)

    one()
    return tried


@pytest.fixture
def bounded(alone, tmp_path):
    """Read from a folder, in bounded memory: a header may claim any length."""
    if sys.platform != "linux":
        pytest.skip("memory is limited as Linux does it")
    import resource

    alone.setenv("ECGLAB_DATA", str(tmp_path))
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + GIGABYTES * 2**30, hard))
    yield tmp_path
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.mark.parametrize("database", ["mitdb", "ludb"])
@pytest.mark.parametrize("pinned", [True, False], ids=["pinned", "unpinned"])
@pytest.mark.parametrize("examples", [40, pytest.param(200, marks=pytest.mark.long)])
def test_damage_is_refused_or_read_as_the_truth(bounded, alone, database, pinned, examples):
    patient = written(bounded, database)
    assert fuzz(patient, examples, pinned, alone) >= 0.7 * examples


# --- single cases worth a name --------------------------------------------------------------


@pytest.mark.parametrize("claim", [10**12, 10**9, 1801, 1799, 0])
def test_a_header_that_claims_another_length(bounded, claim):
    patient = written(bounded, "mitdb")
    first, rest = patient.bodies["hea"].split(b"\n", 1)
    words = first.split()
    words[3] = b"%d" % claim
    patient.damage("hea", b" ".join(words) + b"\n" + rest)
    with pytest.raises(records.DamagedRecording, match=r"100.dat has 5400 bytes; the"):
        records.load("100")


def test_marks_that_run_backwards(bounded):
    patient = written(bounded, "mitdb")
    marks, end = patient.bodies["atr"][:-2], patient.bodies["atr"][-2:]
    back = bytes([0, 59 << 2, 0xFF, 0xFF, 0x18, 0xFC])  # by 1000 samples
    beat = bytes([10, 1 << 2])  # 10 samples later
    patient.damage("atr", marks + back + beat + end)
    with pytest.raises(records.DamagedRecording, match="marks unknown, unordered or outside"):
        records.load("100")
