"""A small good file of each format, several where a format has several forms: what broken copies are made of."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import test_wearables as wearables
import test_wearables_in_record as exports
from recordings import write_edf, write_wfdb
from test_fhir_bulk import PATIENT, bundle
from test_fhir_bulk import text as observation
from test_hl7v2 import WHOLE

Make = Callable[[Path], Path]

VCF = """##fileformat=VCFv4.2
##source=Mutect2
##contig=<ID=chr10,length=133797422>
{header}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\tS2
chr10\t94942290\trs1799853\tC\tT\t50\tPASS\tSOMATIC;DP=70\tGT:AD:AF:DP:PS\t0|1:9,3:0.25:12:7\t0/0:30,0:0:30:.
chr10\t94942300\t.\tA\t<DEL>\t.\tPASS\tSVTYPE=DEL;END=94950000\tGT:AD\t0/1:9,3\t0/0:9,3
chr10\t94981296\t.\tA\tC,<NON_REF>\t3e2\tLowQual\tEND=94981300\tGT:AD\t1/2:9,3,1\t./.:0,0,0
chr2\t233760233\t.\tCAT\tC,CATAT\t.\t.\t.\tGT\t0/2\t1/1
"""
SOMATIC = VCF.format(header="##tumor_sample=S1\n##normal_sample=S2\n")
OMICS = "gene_id\tgene_name\tS1\tS2\n" + "".join(f"ENSG{k:011d}.2\tG{k}\t{k * 1.5}\t{k}\n" for k in range(1, 30))
LONG = "sample,uniprot,intensity,unit\n" + "".join(f"S1,P0463{k},{k}.5,a.u.\n" for k in range(9))
LABORATORY = "Date;Creatinine (mg/dL);Hb\n" + "".join(f"{k:02d}.03.2025;1,{k};<14\n" for k in range(1, 20))
MAPPING = """confirmed = true
[[table]]
sheet = "S"
layout = "wide"
decimal = ","
dates = ["%d.%m.%Y"]
[table.columns]
date = "Date"
[table.analytes."Creatinine (mg/dL)"]
loinc = "2160-0"
unit = "mg/dL"
[table.analytes.Hb]
loinc = "718-7"
unit = "g/dL"
"""
EXPOSURES = """date,place,measure,value,unit,source
2025-03-01,A,pm2_5,12.5,ug/m3,net
2021,A,deprivation_decile,4,,SNEP
2025-03-01,,smoking,140,1/wk,self
2025-03-01,A,radon,55,Bq/m3,net
"""
DIARY = """Date,Time,Blood Sugar Measurement (mg/dL),Insulin (Meal),Basal Injection Units,Meal Carbohydrates (Grams),Food type
"Mar 27, 2022",3:05:00 AM,112,4.5,,30,bread
"Mar 27, 2022",1:50:00 AM,,,18,,
"Mar 26, 2022",11:50:00 PM,,,,,"a long walk"
"""  # noqa: E501
BEATS = [{"dateTime": f"03/27/22 00:00:{k:02d}", "value": {"bpm": 60 + k, "confidence": 2}} for k in range(9)]
NIGHT: list[dict[str, Any]] = [
    {"logId": 1, "dateOfSleep": "2022-03-27", "startTime": "2022-03-26T23:10:30.000", "duration": 3600000,
     "type": "stages", "levels": {"summary": {}, "data": [
         {"dateTime": "2022-03-26T23:10:30.000", "level": "light", "seconds": 1800},
         {"dateTime": "2022-03-26T23:40:30.000", "level": "deep", "seconds": 1800}]}},
]  # fmt: skip
TEMPERATURES = "recorded_time,temperature,sensor_type\n2022-03-27T03:30,-0.5,UNKNOWN\n2022-03-27T03:31,0.2,UNKNOWN\n"
AT = {"date_time": "2022-02-05T07:25:00-08:00"}
STREAM = (
    '{"received_ms":[1700000000000],"batches":[{"subject":"p","signal":"heart_rate","source":"monitor","unit":"/min",'
    '"text":null,"start":[1700000000000,1700000060000],"end":[1700000000000,1700000060000],"offset":[60,60],'
    '"value":[61.5,null],"place":[0,1]}]}'
)
POINTS = [
    wearables.point("heart-rate", {"heart_rate": {"value": 70, "unit": "beats/min"}, "effective_time_frame": AT}),
    wearables.point("mood", {"effective_time_frame": AT}),
]
FIT = {"Data Points": [
    {"dataTypeName": "com.google.heart_rate.bpm", "startTimeNanos": 1648342200000000000,
     "endTimeNanos": 1648342200000000000, "fitValue": [{"value": {"fpVal": 61.5}}], "originDataSourceId": "watch"},
]}  # fmt: skip
CONNECT = {"records": [
    {"recordType": "StepsRecord", "count": 120, "startTime": "2022-03-27T08:00:00Z",
     "endTime": "2022-03-27T08:10:00Z", "startZoneOffset": "+02:00"},
    {"recordType": "HeartRateRecord", "startTime": "2022-03-27T08:00:00Z", "endTime": "2022-03-27T08:10:00Z",
     "samples": [{"time": "2022-03-27T08:01:00Z", "beatsPerMinute": 66}]},
]}  # fmt: skip
WATCH = exports.fit_file([
    (103, [(253, 0x86, "I", 1_017_000_000), (0, 0x86, "I", 1_017_007_200)]),
    (55, [(253, 0x86, "I", 1_017_000_000), (27, 0x02, "B", 71)]),
    (18, [(253, 0x86, "I", 1_017_001_800), (2, 0x86, "I", 1_017_000_000), (7, 0x86, "I", 1_800_000)]),
])  # fmt: skip
LETTER = """Date: 2025-03-01
The patient denies chest pain. Takes metformin 500 mg twice daily; no warfarin.
Problems: type 2 diabetes, possible pneumonia. BP 140/85 mmHg, pulse 72/min, temperature 38.2 C.
"""


def _bytes(name: str, content: bytes | str) -> Make:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder / name

    return make


def _json(content: Any) -> Make:
    return _bytes("export.json", json.dumps(content))


def _dicom(name: str) -> Make:
    def make(folder: Path) -> Path:
        import pydicom

        found = Path(pydicom.__file__).parent / "data" / "test_files" / name
        return Path(shutil.copy(found, folder / found.name))

    return make


def _book(folder: Path) -> Path:
    import openpyxl

    made = openpyxl.Workbook()
    for line in LABORATORY.splitlines():
        made.active.append(line.split(";"))
    made.active.title = "S"
    made.save(folder / "lab.xlsx")
    return folder / "lab.xlsx"


def _matrix(folder: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import anndata
        import numpy as np
        import pandas as pd

        rows, columns = ["S1", "S2"], [f"ENSG{k:011d}" for k in range(20)]
        data = anndata.AnnData(np.ones((2, 20)), obs=pd.DataFrame(index=rows), var=pd.DataFrame(index=columns))
        data.write_h5ad(folder / "matrix.h5ad")
    return folder / "matrix.h5ad"


def _zip(folder: Path) -> Path:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("diary.csv", DIARY)
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export/heart.json", json.dumps(BEATS))
        archive.writestr("inner.zip", inner.getvalue())
    return folder / "a.zip"


def _tar(folder: Path) -> Path:
    with tarfile.open(folder / "a.tar", "w") as archive:
        for name, text in {"export/heart.json": json.dumps(BEATS), "diary.csv": DIARY}.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return folder / "a.tar"


def _tar_gz(folder: Path) -> Path:
    (folder / "a.tar.gz").write_bytes(gzip.compress(_tar(folder).read_bytes()))
    (folder / "a.tar").unlink()
    return folder / "a.tar.gz"


GOOD: dict[str, tuple[str, Make]] = {
    "apple": ("apple", _bytes("export.xml", exports.EXPORT)),
    "dexcom": ("dexcom", _bytes("clarity.csv", wearables.CLARITY)),
    "dicom image": ("dicom", _dicom("CT_small.dcm")),
    "dicom report": ("dicom", _dicom("test-SR.dcm")),
    "dicom directory": ("dicom", _dicom("dicomdirtests/DICOMDIR")),
    "dicom waveform": ("dicom", _dicom("waveform_ecg.dcm")),
    "dicom deflated": ("dicom", _dicom("image_dfl.dcm")),
    "dicom segmentation": ("dicom", _dicom("liver_1frame.dcm")),
    "edf": ("edf", write_edf),
    "exposome": ("exposome", _bytes("places.csv", EXPOSURES)),
    "fhir bundle": ("fhir", _bytes("b.json", bundle(PATIENT, observation(), observation(id="v")))),
    "fhir lines": ("fhir", _bytes("b.ndjson", b"\n".join((PATIENT, observation(), observation(id="v"))))),
    "fitbit": ("fitbit", _json(BEATS)),
    "fitbit sleep": ("fitbit", _json(NIGHT)),
    "fitbit table": ("fitbit", _bytes("temperature.csv", TEMPERATURES)),
    "garmin": ("garmin", _bytes("a.fit", WATCH)),
    "google fit": ("google", _json(FIT)),
    "google health connect": ("google", _json(CONNECT)),
    "h5ad": ("h5ad", _matrix),
    "hl7v2": ("hl7v2", _bytes("m.hl7", WHOLE)),
    "laboratory": ("laboratory", _bytes("lab.csv", LABORATORY)),
    "laboratory_xlsx": ("laboratory_xlsx", _book),
    "libre": ("libre", _bytes("libre.csv", wearables.LIBREVIEW)),
    "mysugr": ("mysugr", _bytes("diary.csv", DIARY)),
    "nightscout entries": ("nightscout", _json(wearables.ENTRIES)),
    "nightscout treatments": ("nightscout", _json(wearables.TREATMENTS)),
    "note": ("note", _bytes("letter.txt", LETTER)),
    "omics wide": ("omics", _bytes("wide.tsv", OMICS)),
    "omics long": ("omics", _bytes("long.csv", LONG)),
    "open_mhealth": ("open_mhealth", _json(POINTS)),
    "pdf": ("unknown", _bytes("a.pdf", b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\n%%EOF\n")),
    "stream": ("stream", _bytes("stream.json", STREAM)),
    "vcf germline": ("vcf", _bytes("germline.vcf", VCF.format(header=""))),
    "vcf somatic": ("vcf", _bytes("somatic.vcf", SOMATIC)),
    "wfdb": ("wfdb", write_wfdb),
    "zip": ("archive", _zip),
    "tar": ("archive", _tar),
    "tar.gz": ("archive", _tar_gz),
}
"""What to call it → (format, how to write it into a folder)."""
