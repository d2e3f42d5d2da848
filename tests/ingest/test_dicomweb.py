"""A study from a real PACS (Orthanc with its DICOMweb plug-in), started here on a loopback port."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from vitruvian.core import DataError, UnknownNameError
from vitruvian.ingest import ingest_dicomweb
from vitruvian.record import IngestReport, Record

pytest.importorskip("dicomweb_client", reason="needs the extra imaging")
FOLDER = Path(pydicom.__file__).parent / "data" / "test_files"
SLICES = sorted((FOLDER / "dicomdirtests" / "98892003" / "MR700").iterdir())
PLUGINS = [Path("/usr/share/orthanc/plugins"), Path("/usr/lib/orthanc")]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an empty Orthanc, to which the slices were sent."""
    program = shutil.which("Orthanc")
    plugin = next((one for p in PLUGINS for one in p.glob("libOrthancDicomWeb.so*")), None)
    if program is None or plugin is None:
        pytest.skip("Orthanc with its DICOMweb plug-in is not installed (Debian: orthanc, orthanc-dicomweb)")
    folder, port = tmp_path_factory.mktemp("orthanc"), free_port()
    settings = {
        "HttpPort": port, "DicomServerEnabled": False, "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
        "StorageDirectory": str(folder), "IndexDirectory": str(folder), "Plugins": [str(plugin)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(settings))
    log = (folder / "log").open("wb")
    server = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{address}/system", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        for path in SLICES:
            urllib.request.urlopen(f"{address}/instances", data=path.read_bytes()).close()
        yield f"{address}/dicom-web"
    finally:
        server.terminate()
        server.wait(20)
        log.close()


@pytest.fixture
def study() -> str:
    return str(pydicom.dcmread(SLICES[0], stop_before_pixels=True).StudyInstanceUID)


def test_a_study_comes_in_whole_and_only_once(pacs: str, study: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    with Record.open(tmp_path / "clinic.db") as record:
        first = ingest_dicomweb(record, pacs, study=study, on_instance=lambda *at: seen.append(at))
        assert (first.found, first.held, first.failed) == (len(SLICES), 0, ())
        assert first.report.quarantined == 0
        assert seen[-1] == (len(SLICES), len(SLICES))
        images = [one for one in record.patient("98890234").facts() if one.kind == "image"]
        wanted = {str(pydicom.dcmread(p, stop_before_pixels=True).SOPInstanceUID) for p in SLICES}
        assert {one.detail["sop_uid"] for one in images} == wanted
        again = ingest_dicomweb(record, pacs, study=study)
        assert (again.found, again.held, again.report) == (len(SLICES), len(SLICES), IngestReport())
        with record.open_blob(images[0]) as path:
            pixels = pydicom.dcmread(path).PixelData
        source = {str(pydicom.dcmread(p).SOPInstanceUID): pydicom.dcmread(p).PixelData for p in SLICES}
        assert pixels == source[images[0].detail["sop_uid"]]


def test_a_transfer_that_broke_off_goes_on(pacs: str, study: str, tmp_path: Path) -> None:
    def stop(done: int, _: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with Record.open(tmp_path / "clinic.db") as record:
        with pytest.raises(KeyboardInterrupt):
            ingest_dicomweb(record, pacs, study=study, on_instance=stop)
        rest = ingest_dicomweb(record, pacs, study=study)
        assert (rest.found, rest.held) == (len(SLICES), 3)


def test_no_such_study_and_no_server(pacs: str, tmp_path: Path) -> None:
    with Record.open(tmp_path / "clinic.db") as record:
        with pytest.raises(UnknownNameError, match="no such study"):
            ingest_dicomweb(record, pacs, study="1.2.3.4")
        with pytest.raises(DataError, match="did not answer"):
            ingest_dicomweb(record, f"http://127.0.0.1:{free_port()}/dicom-web", study="1.2.3.4")


def test_command(pacs: str, study: str, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from vitruvian.cli.main import app

    at = ["ingest", "--dicomweb", pacs, "--record", str(tmp_path / "clinic.db")]
    done = CliRunner().invoke(app, [*at, "--study", study, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["by_format"]["dicom"]["quarantined"] == 0
    assert CliRunner().invoke(app, at).exit_code != 0
