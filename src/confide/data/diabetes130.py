"""Diabetes130: reasons for hospital stays of diabetics. It is similar to Texas100; it is not Texas100."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import polars as pl

from confide.core.arrays import Ints, Rng
from confide.data import twins
from confide.data.archives import reading
from confide.data.card import Card
from confide.data.locating import File, locate
from confide.views.records import Records

Codes: TypeAlias = tuple[str, ...]

PACKED = File(path="tabular/diabetes130.parquet")
UCI = File(path="tabular/diabetic_data.csv")
SPECIALTIES = """
    AllergyandImmunology Anesthesiology Anesthesiology-Pediatric Cardiology Cardiology-Pediatric DCPTEAM
    Dentistry Dermatology Emergency/Trauma Endocrinology Endocrinology-Metabolism Family/GeneralPractice
    Gastroenterology Gynecology Hematology Hematology/Oncology Hospitalist InfectiousDiseases
    InternalMedicine Nephrology Neurology Neurophysiology Obsterics&Gynecology-GynecologicOnco Obstetrics
    ObstetricsandGynecology Oncology Ophthalmology Orthopedics Orthopedics-Reconstructive Osteopath
    Otolaryngology OutreachServices Pathology Pediatrics Pediatrics-AllergyandImmunology
    Pediatrics-CriticalCare Pediatrics-EmergencyMedicine Pediatrics-Endocrinology
    Pediatrics-Hematology-Oncology Pediatrics-InfectiousDiseases Pediatrics-Neurology
    Pediatrics-Pulmonology Perinatology PhysicalMedicineandRehabilitation PhysicianNotFound Podiatry
    Proctology Psychiatry Psychiatry-Addictive Psychiatry-Child/Adolescent Psychology Pulmonology
    Radiologist Radiology Resident Rheumatology Speech SportsMedicine Surgeon Surgery-Cardiovascular
    Surgery-Cardiovascular/Thoracic Surgery-Colon&Rectal Surgery-General Surgery-Maxillofacial
    Surgery-Neuro Surgery-Pediatric Surgery-Plastic Surgery-PlasticwithinHeadandNeck Surgery-Thoracic
    Surgery-Vascular SurgicalSpecialty Urology
"""
PAYERS = "BC CH CM CP DM FR HM MC MD MP OG OT PO SI SP UN WC"
DRUGS = """
    metformin repaglinide nateglinide chlorpropamide glimepiride acetohexamide glipizide glyburide
    tolbutamide pioglitazone rosiglitazone acarbose miglitol troglitazone tolazamide examide citoglipton
    insulin glyburide-metformin glipizide-metformin glimepiride-pioglitazone metformin-rosiglitazone
    metformin-pioglitazone
"""


def _numbers(low: int, high: int) -> Codes:
    return tuple(str(i) for i in range(low, high + 1))


ONE_OF: dict[str, Codes] = {
    "race": ("AfricanAmerican", "Asian", "Caucasian", "Hispanic", "Other"),
    "gender": ("Female", "Male"),
    "age": tuple(f"[{a}-{a + 10})" for a in range(0, 100, 10)),
    "weight": (*(f"[{w}-{w + 25})" for w in range(0, 200, 25)), ">200"),
    "admission_type_id": _numbers(1, 8),
    "discharge_disposition_id": _numbers(1, 29),
    "admission_source_id": _numbers(1, 26),
    "time_in_hospital": _numbers(1, 14),
    "payer_code": tuple(PAYERS.split()),
    "medical_specialty": tuple(SPECIALTIES.split()),
    "num_procedures": _numbers(0, 6),
    "max_glu_serum": ("Norm", ">200", ">300"),
    "A1Cresult": ("Norm", ">7", ">8"),
    **dict.fromkeys(DRUGS.split(), ("Steady", "Up", "Down")),
    "change": ("Ch",),
    "diabetesMed": ("Yes",),
}
"""One yes/no for each listed value; all are no if the value is unknown or the drug was not given."""

FROM: dict[str, tuple[int, ...]] = {
    "num_lab_procedures": tuple(range(0, 100, 10)),
    "num_medications": tuple(range(0, 50, 5)),
    "number_outpatient": (0, 1, 2, 3, 5),
    "number_emergency": (0, 1, 2, 3, 5),
    "number_inpatient": (0, 1, 2, 3, 5),
    "number_diagnoses": tuple(range(1, 11)),
}
"""One yes/no for each band of a number; a band starts at this value and ends before the next one."""

DIAGNOSES: Codes = (
    *(f"{i:03}" for i in range(1, 1000)),
    *(f"V{i:02}" for i in range(1, 92)),
    *(f"E{i}" for i in range(800, 1000)),
)
"""The categories of ICD-9; one yes/no for each: whether it is the second or the third diagnosis."""

REASONS = """
    008 038 153 162 174 182 185 197 198 218 250 276 278 280 285 295 296 331 348 386 401 402 403 404 410
    411 414 415 424 426 427 428 431 433 434 435 436 440 441 444 453 458 466 482 486 491 493 507 511 518
    530 531 532 535 540 552 553 557 558 560 562 564 569 571 572 574 575 577 578 584 590 592 599 600 618
    648 682 707 715 721 722 724 730 733 780 784 786 787 789 805 812 820 821 823 824 996 997 998 V57 V58
"""
WIDTH = sum(map(len, ONE_OF.values())) + sum(map(len, FROM.values())) + len(DIAGNOSES)
CARD = Card(
    name="diabetes130",
    title="Diabetes 130 US hospitals (first stays; the 100 most frequent main diagnoses)",
    people="patients with diabetes in 130 hospitals of the US, 1999 to 2008; the first stay of each",
    records=62_011,
    repeats=6,
    shape=(WIDTH,),
    features=f"{WIDTH:,} yes/no: race, sex, bands of age and weight, admission, discharge, days, payer, "
    "specialty, bands of counts, two tests, 23 drugs, second and third diagnosis (ICD-9 category)",
    task="the main diagnosis, among the 100 most frequent categories of ICD-9",
    classes=tuple(REASONS.split()),
    terms="UCI, CC BY 4.0",
    redistribution=True,
    source="https://archive.ics.uci.edu/dataset/296/diabetes+130-us+hospitals+for+years+1999-2008",
    get="Get diabetic_data.csv from https://archive.ics.uci.edu/dataset/296.",
    harm="that a person was in hospital and why; diagnoses, drugs and dates single a patient out",
    citation="Strack et al.: Impact of HbA1c Measurement on Hospital Readmission Rates, BioMed Research "
    "International, 2014",
    note="the publisher has 101,766 stays of 71,518 patients; a patient's later stays are left out, so that "
    "nobody is on both sides of an audit, and so are first stays for a rarer reason",
)


def load(*, distinct: bool = True) -> Records:
    """Load the first stays (by encounter number): x float32[62005, 1611] of 0 and 1, y the main diagnosis.

    Args:
        distinct: leave out records that equal an earlier one in features and class.

    Raises:
        DataError: if neither file is here, or it is damaged.
    """
    return CARD.check(arrange(_read(), distinct=distinct))


def arrange(stays: pl.DataFrame, *, distinct: bool) -> Records:
    """Convert the publisher's table (all columns text) to records.

    A diagnosis is used by its category: the part before the point, filled with zeros to three characters.
    """
    first = stays.with_columns(pl.col("encounter_id").cast(pl.Int64)).sort("encounter_id")
    # A patient with two stays could be member and non-member at once.
    first = first.unique("patient_nbr", keep="first", maintain_order=True)  # one stay for each patient
    y = _places(_categories(first["diag_1"]), CARD.classes)
    first, y = first.filter(pl.Series(y >= 0)), y[y >= 0]
    columns = [(_places(first[name], codes), len(codes)) for name, codes in ONE_OF.items()]
    for name, edges in FROM.items():
        columns.append(
            (np.searchsorted(edges, first[name].cast(pl.Int64).to_numpy(), "right") - 1, len(edges))
        )
    # Bytes until repeats are removed: as float32 the matrix takes 400 MB.
    x = np.zeros((len(y), WIDTH), np.uint8)
    start = 0
    for place, width in columns:
        known = np.flatnonzero(place >= 0)
        x[known, start + place[known]] = 1
        start += width
    for name in ("diag_2", "diag_3"):
        place = _places(_categories(first[name]), DIAGNOSES)
        known = np.flatnonzero(place >= 0)
        x[known, start + place[known]] = 1
    records = Records(x, y)
    records = records.take(records.first_of_each()) if distinct else records
    return Records(np.asarray(records.x).astype(np.float32), records.y)


def twin(n: int, *, rng: Rng) -> Records:
    """Make n synthetic records of this shape (see `confide.data.twins`).

    >>> import numpy as np
    >>> twin(5, rng=np.random.default_rng(0)).x.shape
    (5, 1611)
    """
    return twins.bits(n, name=CARD.name, classes=100, features=WIDTH, density=0.0122, rng=rng)


def _read() -> pl.DataFrame:
    path = locate(PACKED, UCI, get=CARD.get)
    names = ["encounter_id", "patient_nbr", "diag_1", "diag_2", "diag_3", *ONE_OF, *FROM]
    text = pl.col(names).cast(pl.String)
    with reading(path, "the table of stays"):
        if path.suffix == ".csv":
            return pl.read_csv(path, infer_schema=False).select(text)
        return pl.read_parquet(path).select(text)


def _categories(diagnoses: pl.Series) -> pl.Series:
    return diagnoses.str.split(".").list.first().str.zfill(3)


def _places(values: pl.Series, codes: Codes) -> Ints:
    """The position of each value among the codes, -1 if it is not among them: int64[n]."""
    places = values.replace_strict(codes, range(len(codes)), default=-1, return_dtype=pl.Int64)
    return places.to_numpy()
