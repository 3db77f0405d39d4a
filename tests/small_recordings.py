"""Recordings small enough for a test to write."""

from pathlib import Path

import numpy as np
import wfdb

LEADS_12 = ("i", "ii", "iii", "avr", "avl", "avf", "v1", "v2", "v3", "v4", "v5", "v6")


def write_mitdb(
    root,
    name="100",
    samples=(100, 400, 760, 1100, 1500),
    symbols="NNVNA",
    count=1800,
    extra=(),
    subtypes=(),
    texts=(),
):
    """Write a small recording in the form of mitdb below ``root/mitdb/1.0.0``.

    `extra` are further marks, pairs of sample and symbol; `subtypes` and `texts` map samples to
    what their marks say.
    """
    folder = Path(root) / "mitdb" / "1.0.0"
    folder.mkdir(parents=True, exist_ok=True)
    time = np.arange(count)
    digital = np.stack([1024 + 100 * np.sin(time / 20), 1024 + 50 * np.cos(time / 30)], axis=1)
    wfdb.wrsamp(
        name,
        fs=360,
        units=["mV", "mV"],
        sig_name=["MLII", "V5"],
        d_signal=np.rint(digital).astype(np.int64),
        fmt=["212", "212"],
        adc_gain=[200, 200],
        baseline=[1024, 1024],
        comments=["69 M 1085 1629 x1", "Aldomet, Inderal"],
        write_dir=str(folder),
    )
    marks = sorted([*zip(samples, symbols, strict=True), *extra])
    wfdb.wrann(
        name,
        "atr",
        np.array([sample for sample, _ in marks]),
        [symbol for _, symbol in marks],
        subtype=np.array([dict(subtypes).get(sample, 0) for sample, _ in marks]),
        aux_note=[dict(texts).get(sample, "") for sample, _ in marks],
        write_dir=str(folder),
    )
    return folder


def write_ludb(root, name="1", count=1000):
    """Write a small recording in the form of LUDB below ``root/ludb/1.0.1``.

    Two beats: the P wave has no onset, the T wave no offset, the second QRS complex neither.
    """
    folder = Path(root) / "ludb" / "1.0.1" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    digital = np.rint(np.sin(np.arange(count)[:, None] / 20 + np.arange(12)) * 1000)
    wfdb.wrsamp(
        name,
        fs=500,
        units=["mV"] * 12,
        sig_name=list(LEADS_12),
        d_signal=digital.astype(np.int64),
        fmt=["16"] * 12,
        adc_gain=[1000] * 12,
        baseline=[0] * 12,
        comments=["<age>: 51", "Rhythm: Sinus rhythm."],
        write_dir=str(folder),
    )
    marks = {100: "p", 120: ")", 180: "(", 200: "N", 220: ")", 300: "(", 350: "t", 700: "N"}
    for shift, lead in enumerate(LEADS_12):
        at = np.array(list(marks)) + shift
        wfdb.wrann(name, "waves", at, list(marks.values()), write_dir=str(folder))
        (folder / f"{name}.waves").rename(folder / f"{name}.{lead}")  # wrann refuses digits
    return folder
