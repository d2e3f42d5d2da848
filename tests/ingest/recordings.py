"""Small recordings in real formats: an EDF+ sleep recording and a WFDB two-lead ECG with annotations."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

TIME = np.arange(2560) / 256
EEG, SPO2 = 100 * np.sin(TIME), 95 + np.cos(np.arange(10))
ECG = np.stack([np.sin(TIME), np.cos(TIME)])


def write_edf(folder: Path, code: str = "MCH-0234567") -> Path:
    """Two signals at 256 and 1 Hz for 10 s, a person, two annotations."""
    import edfio

    signals = [
        edfio.EdfSignal(EEG, 256, label="EEG Fpz-Cz", physical_dimension="uV", physical_range=(-200, 200)),
        edfio.EdfSignal(SPO2, 1, label="SaO2", physical_dimension="%", physical_range=(0, 100)),
    ]
    marks = [edfio.EdfAnnotation(1.0, None, "Lights off"), edfio.EdfAnnotation(4.0, 2.0, "Apnea")]
    person = edfio.Patient(code=code, sex="F", birthdate=dt.date(1951, 5, 2), name="Haagse_Harry")
    recording = edfio.Recording(startdate=dt.date(2002, 3, 2))
    made = edfio.Edf(signals, patient=person, recording=recording, starttime=dt.time(9, 8, 7), annotations=marks)
    path = folder / f"night-{code}.edf"
    made.write(path)
    return path


def write_wfdb(folder: Path) -> Path:
    """Two leads at 250 Hz, with beats in an .atr file; gives the header's path."""
    import wfdb

    when = {"base_date": dt.date(2020, 1, 2), "base_time": dt.time(3, 4, 5)}
    wfdb.wrsamp(
        "r100", fs=250, units=["mV", "uV"], sig_name=["I", "II"], p_signal=ECG.T * [1, 1000], fmt=["16", "16"],
        write_dir=str(folder), comments=["age: 69 sex: M"], **when,
    )  # fmt: skip
    wfdb.wrann("r100", "atr", np.array([10, 200]), symbol=["N", "V"], write_dir=str(folder))
    return folder / "r100.hea"
