"""A report on anybody's recording: what it says, what it withholds, and that it needs nothing."""

import base64
import io
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from ecglab import __main__ as shell
from ecglab import beats, experiments, findings, records, report, shipped
from ecglab.experiments import noise
from ecglab.records import EPISODE, Record

#: Elements that make a browser fetch or run something.
LOADING = [
    "script",
    "link",
    "iframe",
    "object",
    "embed",
    "video",
    "audio",
    "source",
    "base",
    "form",
]


BOOK = Path(__file__).resolve().parents[1] / "book"


@pytest.fixture(autouse=True, scope="module")
def network():
    """Load the networks once: every load compiles one anew."""
    loaded = {name: shipped.load(name) for name in shipped.NETWORKS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shipped, "load", lambda name=shipped.TWO: loaded[name])
        yield


@pytest.fixture
def simulated(monkeypatch):
    monkeypatch.setenv("ECGLAB_SOURCE", "simulated")


def simulated_record(name="213", seconds=180, **changes):
    """Return the first seconds of a simulated person, as if from a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGLAB_SOURCE", "simulated")
        whole = records.load(name)
    count = round(seconds * whole.fs)
    inside = whole.samples < count
    form = {
        "signal": whole.signal[:count].copy(),
        "samples": whole.samples[inside],
        "symbols": whole.symbols[inside],
        "rhythms": (),
        "episodes": whole.episodes[:0],
        "source": "file",
        "database": "file",
    }
    return replace(whole, **(form | changes))


def one_lead(**changes):
    """Return twenty seconds of one lead, as a watch might record them."""
    whole = simulated_record(seconds=20)
    form = {"signal": whole.signal[:, :1], "leads": ("II",), "samples": (), "symbols": ()}
    return replace(whole, **(form | changes))


def page_of(found, folder):
    """Write a report; return its page, parsed."""
    path = report.write(found, Path(folder) / "report.html")
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def text_of(page):
    return " ".join(page.get_text(" ").split())


@pytest.fixture(scope="module")
def usual():
    """Two leads that the network knows, three minutes, with annotations."""
    return report.examine(simulated_record())


@pytest.fixture(scope="module")
def folder(usual, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    report.write(usual, folder / "report.html")
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return BeautifulSoup((folder / "report.html").read_text(encoding="utf-8"), "html.parser")


# ---------------------------------------------------------------------------
# The page


def test_it_says_first_and_last_that_it_is_no_diagnosis(page):
    blocks = page.body.find_all(recursive=False)
    assert blocks[0].get_text() == blocks[-1].get_text() == report.FOR_LEARNING
    assert "not for diagnosis" in report.FOR_LEARNING


def test_sections_in_order(page):
    heads = [head.get_text().partition(":")[0] for head in page.find_all("h2")]
    answers = ["Called V", "Called S", "How many, and what was not answered"]
    first = ["What was read", "The sheet", "Rate and rhythm"]
    last = ["Beside the annotations of the file", "How much an answer means"]
    assert heads == first + answers + last


def test_it_needs_nothing_beside_it(page, folder):
    assert page.find_all(LOADING) == []
    assert page.meta["charset"] == "utf-8"
    style = page.style.get_text()
    assert "url(" not in style and "@import" not in style
    for tag in page.find_all(True):
        for name, value in tag.attrs.items():
            assert not name.startswith("on")
            assert not re.match(r"(https?:)?//", str(value)), tag.name
    assert sorted(file.name for file in folder.iterdir()) == ["report.html", "report.png"]


def test_pictures_are_inside_with_words_for_who_cannot_see_them(page, folder):
    pictures = page.find_all("img")
    assert len(pictures) > 4
    for picture in pictures:
        start, _, content = picture["src"].partition(",")
        assert start == "data:image/png;base64"
        size = Image.open(io.BytesIO(base64.b64decode(content))).size
        assert size == (int(picture["width"]), int(picture["height"]))
        assert len(picture["alt"]) > 20
    sheet = base64.b64decode(pictures[0]["src"].partition(",")[2])
    assert (folder / "report.png").read_bytes() == sheet


def test_light_dark_narrow_and_paper(page):
    style = page.style.get_text()
    for part in ("prefers-color-scheme: dark", "max-width: 30rem", "@media print"):
        assert part in style
    assert page.find("meta", attrs={"name": "viewport"})
    _, _, rest = style.partition("prefers-color-scheme: dark")
    printed = rest.partition("@media print")[2]
    for part in ("--ground: #fff", "--ink: #000", "color-scheme: light"):
        assert part in printed, "a dark theme prints as ink on white too"


def test_what_was_read(page, usual):
    said = text_of(page)
    assert "180" not in said and "3:00.0 at 360 samples a second" in said
    assert "MLII, V1" in said and "height of the beats" in said
    assert f"beats found {len(usual.table):,}" in said and usual.rate_in_words in said


def test_every_beat_is_answered_or_has_a_reason(page, usual):
    counts, withheld = usual.counts, usual.withheld
    assert sum(counts.values()) + sum(withheld.values()) == len(usual.table) > 250
    assert counts["N"] > counts["V"] > 10 and withheld["edge"] >= 1
    said = text_of(page)
    for name, count in counts.items():
        assert f"{name}: {report.MEANINGS[name]} {count:,}" in said
    for reason, text in findings.REASONS.items():
        assert f"{text} {withheld[reason]:,}" in said


def test_the_surest_beats_are_shown_with_time_and_certainty(page, usual):
    called = usual.table[usual.record.symbols == "V"]
    surest = called.sort_values("certainty", ascending=False).iloc[0]
    galleries = page.find_all(class_="gallery")
    first = galleries[0].figure
    assert first.figcaption.get_text().startswith(findings.clock(surest["time"]))
    assert "Beat called V at" in first.img["alt"]
    assert all(len(gallery.find_all("img")) <= report.SHOWN for gallery in galleries)


def test_the_networks_scores_are_the_recorded_ones(page):
    outcome = experiments.recorded("final")["outcomes"][0]
    scores, said = outcome["annotated beats"]["scores"], text_of(page)
    for name in ("N", "S", "V"):
        row = " ".join(f"{scores[f'{name} {column}']:.2f}" for column in ("+P", "Se", "F1"))
        assert f"{name} {row}" in said
    detected = outcome["detected beats"]["table"]["S"]
    assert f"S {detected['+P']:.2f} and {detected['Se']:.2f}" in said


def test_annotations_of_the_file_are_compared(page, usual):
    result, said = usual.agreement, text_of(page)
    marked = len(usual.reference.samples)
    assert result.matrix[:5].sum() == marked
    assert f"annotations mark: {marked:,}" in said
    assert result.sensitivity > 0.95


def test_the_summary_is_short(usual):
    lines = str(usual).splitlines()
    assert lines[0] == "213: MLII, V1, 360 Hz, 3:00.0"
    assert lines[-1] == "for learning, not for diagnosis"
    assert f"no answer for {sum(usual.withheld.values())}" in lines[2]
    assert len(lines) == 4 + len(usual.doubts)


def test_text_of_the_record_is_escaped(tmp_path):
    evil = "<script>alert(1)</script>"
    record = one_lead(name=evil, leads=('"><b>x',), notes=(evil, "a & b"))
    page = page_of(report.examine(record), tmp_path)
    assert page.find_all(["script", "b"]) == []
    said = text_of(page)
    assert said.count(evil) == 4 and '"><b>x' in said and "a & b" in said
    assert page.title.get_text().endswith(evil)


@pytest.mark.filterwarnings("error")
def test_names_in_other_letters_and_with_dollars(tmp_path):
    name = "心电图 $x_$"
    assert name in text_of(page_of(report.examine(one_lead(name=name, leads=("$a_",))), tmp_path))


# ---------------------------------------------------------------------------
# Recordings of all kinds


def test_one_lead_is_asked_about_by_a_network_of_its_own(tmp_path):
    found = report.examine(one_lead())
    assert found.asked == {"any": "II"} and found.unasked == ""
    assert len(found.table) > 20 and set(found.record.symbols) & set(beats.CLASSES)
    assert any("II alone shows beats" in doubt for doubt in found.doubts)
    said = text_of(page_of(found, tmp_path))
    assert "The network was shown II." in said and "once in either lead" in said
    assert "The sheet" in said and "a minute" in said


def test_an_mlii_that_is_turned_over_is_read_by_itself(simulated):
    """With exchanged electrodes the network for two leads would answer, and be wrong."""
    upright = simulated_record(seconds=60)
    assert report.examine(upright).asked == {"MLII": "MLII", "V1": "V1"}
    signal = upright.signal * np.array([-1, 1], np.float32)
    found = report.examine(replace(upright, signal=signal))
    assert found.asked == {"any": "MLII"}
    (doubt,) = [doubt for doubt in found.doubts if "points downwards in MLII" in doubt]
    assert "about MLII alone" in doubt
    assert np.isfinite(found.table["certainty"]).sum() > 40


def test_twelve_leads(simulated, tmp_path):
    found = report.examine(records.load("2", "ludb"))
    assert found.asked == {"MLII": "II", "V1": "V1"}
    doubts = " ".join(found.doubts)
    for doubt in ("lead II stands for MLII", "the typical beat is made of", "simulated"):
        assert doubt in doubts
    page = page_of(found, tmp_path)
    assert all(doubt in text_of(page) for doubt in found.doubts)
    assert "I, II, III, aVR, aVL, aVF" in page.img["alt"]


def test_no_beat_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr(beats, "detect", lambda signal, fs: np.empty(0, np.int64))
    found = report.examine(simulated_record(seconds=20))
    assert found.table.empty and "0 beats make no typical beat" in found.unasked
    assert all(np.isnan(found.rates))
    said = text_of(page_of(found, tmp_path))
    assert "No beat found: there is no rate to show" in said


def test_one_beat_makes_no_rate(monkeypatch, tmp_path):
    monkeypatch.setattr(beats, "detect", lambda signal, fs: np.array([1000]))
    found = report.examine(simulated_record(seconds=20))
    said = text_of(page_of(found, tmp_path))
    assert "No two beats in a row found" in said and "fewer than two beats in a row" in str(found)


def test_flat_leads(tmp_path):
    record = simulated_record(seconds=20)
    record.signal[:, 1] = 0.5
    found = report.examine(record)
    assert found.asked == {"any": "MLII"} and len(found.table) > 20
    record.signal[:, 0] = 0.5
    found = report.examine(record)
    assert "no lead of this recording shows beats" in found.unasked and found.table.empty
    assert "No beat found" in text_of(page_of(found, tmp_path))


def test_two_seconds(tmp_path):
    found = report.examine(simulated_record(seconds=2))
    assert found.asked == {} and "5 are needed" in found.unasked
    page = page_of(found, tmp_path)
    assert "first 2 seconds" in page.img["alt"]


def test_forty_leads_make_a_sheet(tmp_path):
    signal = np.repeat(simulated_record(seconds=5).signal[:, :1], 40, axis=1)
    leads = tuple(f"X{number}" for number in range(40))
    found = report.examine(simulated_record(seconds=5))
    record = replace(found.record, signal=signal, leads=leads, notes=())
    page = page_of(replace(found, record=record, asked={"any": "X0"}), tmp_path)
    assert int(page.img["height"]) < 2500


@pytest.mark.parametrize(
    ("leads", "asked", "doubt"),
    [
        (("MLII", "V5"), {"MLII": "MLII", "V5": "V5"}, None),
        (("V2", "MLII"), {"MLII": "MLII", "V2": "V2"}, None),
        (("V1", "II"), {"MLII": "II", "V1": "V1"}, "lead II stands for MLII"),
        (("ECG1", "ECG2"), {"MLII": "ECG1", "V1": "ECG2"}, "--leads ECG1=MLII ECG2=V1"),
        (("X", "V4"), {"MLII": "X", "V4": "V4"}, "X is taken for MLII, because"),
        (("MLII", "MLIII"), {"MLII": "MLII", "V1": "MLIII"}, "MLIII is taken for V1, because"),
    ],
    ids=str,
)
def test_which_leads_the_network_is_shown(leads, asked, doubt):
    record = simulated_record(seconds=10, leads=leads)
    chosen, doubts, unasked = findings.leads_for_network(record)
    assert (chosen, unasked) == (asked, "")
    assert (doubt is None and not doubts) or doubt in " ".join(doubts)


def test_a_doubtful_unit_makes_every_answer_doubtful():
    note = "its header states no gain: 200 counts per mV are assumed"
    record = simulated_record(seconds=10, notes=("69 M", note))
    _, doubts, _ = findings.leads_for_network(record)
    assert doubts == [f"the unit: {note}"]


def test_why_a_beat_gets_no_answer():
    record = simulated_record(seconds=120)
    fs = record.fs
    near = record.samples[np.searchsorted(record.samples, 10 * fs)]
    record.signal[near + 60, 0] += 12
    rng = np.random.default_rng(0)
    rough = slice(round(30 * fs), round(40 * fs))
    record.signal[rough, 1] += rng.normal(0, 0.3, rough.stop - rough.start)
    episode = np.array([("unreadable", 60 * fs, 70 * fs), ("flutter", 80 * fs, 90 * fs)], EPISODE)
    found = report.examine(replace(record, episodes=episode))
    table = found.table

    def reasons(start, stop):
        return set(table["why"][(table["time"] > start) & (table["time"] < stop)])

    assert reasons(31, 39) == {"rough"}
    assert reasons(81, 89) == {"episode"}
    assert "far" in set(table["why"][(table["time"] - near / fs).abs() < 0.1])
    assert not len(table[(table["time"] > 60.5) & (table["time"] < 69.5)]), "nothing is read there"
    assert (found.record.symbols[table["why"] != ""] == "?").all()
    assert table["interval"].max() < 3, "no interval crosses an episode"


def test_the_bar_for_certainty_is_a_choice(usual):
    strict = report.examine(simulated_record(seconds=40), certain=1.0)
    assert sum(strict.counts.values()) == 0 and strict.withheld["unsure"] > 30
    below = usual.table["certainty"] < findings.CERTAIN
    assert (usual.table["why"][below] != "").all()
    for value in (-0.1, 1.1, "high"):
        with pytest.raises(ValueError, match="certain is"):
            report.examine(one_lead(), certain=value)


def test_long_records_are_called_in_stretches(monkeypatch, usual):
    monkeypatch.setattr(findings, "STRETCH", 60)
    parts = report.examine(simulated_record())
    assert len(parts.table) == len(usual.table)
    assert (parts.table["called"] != "?").all()
    assert (parts.table["called"] == usual.table["called"]).mean() > 0.9
    assert parts.withheld["edge"] == usual.withheld["edge"], "stretches overlap"


def test_a_flat_stretch_is_not_asked_about(monkeypatch):
    monkeypatch.setattr(findings, "STRETCH", 60)
    record = simulated_record()
    record.signal[60 * 360 - 400 : 120 * 360 + 400, 1] = 0
    found = report.examine(record)
    middle = (found.table["time"] > 61) & (found.table["time"] < 119)
    assert set(found.table["why"][middle]) == {"few"}
    assert (found.table["called"][~middle] != "?").mean() > 0.9


def test_roughness_sees_noise_and_no_rhythm():
    record = simulated_record(seconds=60)
    before = findings.roughness(record)
    record.signal[:, 0] += np.random.default_rng(0).normal(0, 0.2, len(record.signal))
    after = findings.roughness(record)
    assert np.median(before) < 0.05 < 0.15 < np.median(after) < 0.25


def test_the_book_quotes_the_recorded_scores():
    scores = experiments.recorded("final")["outcomes"][0]["annotated beats"]["scores"]
    quoted = [f"{scores[f'{name} F1']:.2f}".lstrip("0") for name in ("V", "S")]
    text = (BOOK / "your_recording.md").read_text(encoding="utf-8")
    assert f"of {quoted[0]} for V and **{quoted[1]} for S**" in text


@pytest.mark.real
def test_what_is_withheld_of_ds1():
    """These shares stand in the book, on the page `your_recording`, and beside the bounds."""
    rough = {"clean": [], "ma": [], "em": []}
    highest = []
    for name in records.DS1:
        record = records.load(name)
        second = next(lead for lead in ("V1", "V2", "V4", "V5") if lead in record.leads)
        columns = [record.leads.index(lead) for lead in ("MLII", second)]
        record = replace(record, signal=record.signal[:, columns], leads=("MLII", second))
        window = beats.segment(record)
        highest.append(np.abs(window.windows).max(axis=(1, 2))[window.labels == 2])
        rough["clean"].append(findings.roughness(record))
        for kind in ("ma", "em"):
            rough[kind].append(findings.roughness(noise.noisy(record, kind, 6)))
    for kind, share in (("clean", 0.007), ("ma", 0.31), ("em", 0.007)):
        found = np.mean(np.concatenate(rough[kind]) > findings.ROUGH)
        assert found == pytest.approx(share, abs=0.001 if share < 0.1 else 0.005)
    highest = np.concatenate(highest)
    assert np.mean(highest > 2.5) == pytest.approx(0.17, abs=0.005)
    assert highest.max() < findings.FAR


@pytest.mark.real
def test_a_foreign_database(tmp_path):
    base = Path(os.environ["ECGLAB_DATA"], "svdb", "1.0.0", "800")
    if not base.with_suffix(".hea").is_file():
        pytest.skip("ECGLAB_DATA has no svdb")
    found = report.examine(records.read(base))
    assert found.record.fs == 128 and found.asked == {"MLII": "ECG1", "V1": "ECG2"}
    assert found.agreement.sensitivity > 0.99
    assert found.counts["S"] > 20 and "Called S" in text_of(page_of(found, tmp_path))


# ---------------------------------------------------------------------------
# Where it is written


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("report.pdf", ValueError, "ends in .html"),
        ("report", ValueError, "ends in .html"),
        ("nowhere/report.html", OSError, "there is no folder"),
        ("file/report.html", OSError, "there is no folder"),
        ("folder.html", OSError, "is a folder"),
        ("picture.html", OSError, "picture.png is a folder"),
    ],
)
def test_a_bad_place_is_refused(tmp_path, name, error, message):
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "picture.png").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(error, match=message):
        report.check_place(tmp_path / name)


def test_a_write_that_breaks_off_leaves_the_old_report(tmp_path, monkeypatch):
    found = report.examine(one_lead())
    path = report.write(found, tmp_path / "report.html")
    before = path.read_bytes()

    def full(self, content):
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        report.write(found, path)
    assert path.read_bytes() == before


# ---------------------------------------------------------------------------
# The command


def run(*arguments):
    return shell.main(["read", *map(str, arguments)])


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A recording of one lead in microvolts, in a folder of its own that is the current one."""
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    path = tmp_path / "in" / "mine.csv"
    microvolts = simulated_record(seconds=12).signal[:, 0] * 1000
    np.savetxt(path, microvolts, fmt="%.0f", header="II", comments="")
    monkeypatch.chdir(tmp_path / "out")
    return path


def test_read_writes_a_report(table, capsys):
    assert run(table, "--fs", 360, "--units", "uV") == 0
    said = capsys.readouterr()
    assert said.out.startswith("mine: II, 360 Hz, 0:12.0\n")
    last = said.out.splitlines()[-1]
    assert last == "report: mine-report.html, and its sheet: mine-report.png"
    assert Path("mine-report.html").stat().st_size > 50_000
    assert sorted(file.name for file in Path().iterdir()) == ["mine-report.html", "mine-report.png"]


def test_read_renames_leads_and_says_doubts_in_lines(table, tmp_path, capsys):
    table.write_text(table.read_text().replace("II", "ecg", 1))
    arguments = ["--fs", 360, "--units", 1000, "--leads", "ecg=V5", "--out", "a.html"]
    assert run(table, *arguments) == 0
    said = capsys.readouterr()
    assert said.out.startswith("mine: V5, 360 Hz")
    for line in said.err.splitlines():
        assert line.startswith("python -m ecglab: mine.csv: ")
    assert "Warning" not in said.err


def test_read_takes_annotations(table, capsys):
    marks = table.with_name("marks.csv")
    marks.write_text("sample,symbol\n300,N\n600,V\n")
    given = ["--fs", 360, "--units", "uV", "--annotations", marks, "--out", "a.html"]
    assert run(table, *given) == 0
    assert "annotations mark: 2" in Path("a.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--units", "uV"], "does not say its sampling rate"),
        (["--fs", "50", "--units", "uV"], "100 to 1000 Hz"),
        (["--fs", "nan", "--units", "uV"], "fs is nan"),
        (["--fs", "360"], "units='uV' would make them"),
        (["--fs", "360", "--units", "furlong"], "units is 'furlong'"),
        (["--fs", "360", "--units", "uV", "--leads", "V9"], "no lead 'V9'"),
        (["--fs", "360", "--units", "uV", "--leads", "II=MLII", "V1"], "--leads is II=MLII V1"),
        (["--fs", "360", "--units", "uV", "--leads", "II="], "--leads is II="),
        (["--fs", "360", "--units", "uV", "--annotations", "atr"], "annotations is 'atr'"),
        (["--out", "nowhere/a.html"], "there is no folder nowhere"),
        (["--out", "a.pdf"], "ends in .html"),
        (["--out", "/dev/null/a.html"], "there is no folder /dev/null"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_bad_input_is_answered_in_one_line(table, capsys, arguments, message):
    assert run(table, *arguments) == 1
    said = capsys.readouterr()
    assert said.err.startswith("python -m ecglab: ") and said.err.count("\n") == 1
    assert message in said.err and said.out == ""
    assert list(Path().iterdir()) == [], "nothing was written"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nothing.csv", None, "there is no file"),
        ("empty.csv", b"", "empty"),
        ("words.csv", b"to be\nor not\nto be\n", "words.csv"),
        ("mine.doc", b"words", "ends in .doc"),
        ("bad.edf", b"0" * 300, "bad.edf"),
        ("bad.npy", b"words", "bad.npy"),
        ("bad.hea", b"bad 2 360 1000\n", "bad"),
    ],
)
def test_a_file_that_is_none_is_answered_in_one_line(table, capsys, name, content, message):
    if content is not None:
        table.with_name(name).write_bytes(content)
    assert run(table.with_name(name), "--fs", 360) == 1
    said = capsys.readouterr().err
    assert said.startswith("python -m ecglab: ") and said.count("\n") == 1 and message in said


def test_a_bad_place_is_refused_before_the_file_is_read(table, capsys):
    assert run("nothing.csv", "--out", "nowhere/a.html") == 1
    assert "there is no folder nowhere" in capsys.readouterr().err


def test_the_record_is_of_the_class_that_the_package_reads():
    assert isinstance(report.examine(one_lead()).record, Record)
