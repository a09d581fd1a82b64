"""The sets that `load` knows: a row a set. Counts and licences are those of the publishers' own pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class OpenML:
    """Where a set lies on OpenML, and how its copy there differs.

    Attributes
    ----------
    data_id : int
        Its number.
    labels : mapping
        The publisher's label of each label there, told as text.
    """

    data_id: int
    labels: Mapping[str, Any]


@dataclass(frozen=True)
class Known:
    """What is known of a set.

    Attributes
    ----------
    file : str
        Its Parquet file, without the suffix.
    title, source, licence : str
        In words.
    label : str
        The column of labels.
    positive : label or None
        The class to be found, of two.
    counts : mapping of label to int
        The rows of each class.
    leaks : tuple of str
        Columns that tell the label, or only number the rows: they are no inputs.
    groups : str or None
        The column of what rows have in common, such as the patient.
    openml : OpenML or None
        Its copy there, where one is known to be the same rows.
    """

    file: str
    title: str
    label: str
    counts: Mapping[Any, int]
    source: str
    positive: Any = None
    leaks: tuple[str, ...] = ()
    groups: str | None = None
    openml: OpenML | None = None
    licence: str = "CC BY 4.0"


FAULTS = {
    "Pastry": 158,
    "Z_Scratch": 190,
    "K_Scatch": 391,
    "Stains": 72,
    "Dirtiness": 55,
    "Bumps": 402,
    "Other_Faults": 673,
}
LETTERS = "789 766 736 805 768 775 773 734 755 747 739 761 792 783 753 803 783 758 748 796 813 764 752 787 786 734"

KNOWN = {
    "adult": Known(
        file="adult_census_income",
        title="Adult: who earns more than 50,000 dollars",
        label="income",
        positive=">50K",
        counts={"<=50K": 37155, ">50K": 11687},
        leaks=("split",),
        source="UCI 2; Becker and Kohavi, 1996",
    ),
    "ai4i": Known(
        file="ai4i_2020_predictive_maintenance",
        title="AI4I 2020: failures of a milling machine (synthetic, as its publisher says)",
        label="Machine failure",
        positive=1,
        counts={0: 9661, 1: 339},
        leaks=("UDI", "Product ID", "TWF", "HDF", "PWF", "OSF", "RNF"),
        source="UCI 601; Matzka, 2020",
        openml=OpenML(42890, {"0": 0, "1": 1}),
    ),
    "credit_default": Known(
        file="default_of_credit_card_clients",
        title="Default of credit card clients in Taiwan",
        label="default payment next month",
        positive=1,
        counts={0: 23364, 1: 6636},
        leaks=("ID",),
        source="UCI 350; Yeh and Lien, 2009",
    ),
    "diabetes_readmission": Known(
        file="diabetes_130_us_hospitals",
        title="Diabetes in 130 US hospitals: who is readmitted",
        label="readmitted",
        positive="<30",
        counts={"<30": 11357, ">30": 35545, "NO": 54864},
        leaks=("encounter_id", "patient_nbr"),
        groups="patient_nbr",
        source="UCI 296; Strack et al., 2014",
    ),
    "dry_bean": Known(
        file="dry_bean",
        title="Dry beans of seven kinds",
        label="Class",
        counts={
            "BARBUNYA": 1322,
            "BOMBAY": 522,
            "CALI": 1630,
            "DERMASON": 3546,
            "HOROZ": 1928,
            "SEKER": 2027,
            "SIRA": 2636,
        },
        source="UCI 602; Koklu and Ozkan, 2020",
    ),
    "flights": Known(
        file="hflights_houston_2011",
        title="Flights from Houston, 2011: who arrives 15 minutes late or more",
        label="ArrDel15",
        positive=1,
        counts={0: 177241, 1: 46633},
        leaks=("ArrDelay", "ArrTime", "AirTime", "TaxiIn", "DepDelay", "ActualElapsedTime", "CancellationCode"),
        source="US Bureau of Transportation Statistics, in H. Wickham's hflights",
        licence="CC0",
    ),
    "german_credit": Known(
        file="statlog_german_credit",
        title="German credit: 2 is a bad customer; calling one good costs 5, the other mistake 1",
        label="class",
        positive=2,
        counts={1: 700, 2: 300},
        source="UCI 144; Hofmann, 1994",
        openml=OpenML(31, {"good": 1, "bad": 2}),
    ),
    "heart_disease": Known(
        file="heart_disease_cleveland",
        title="Heart disease, Cleveland: 0 is none, 1 to 4 how much",
        label="num",
        counts={0: 164, 1: 55, 2: 36, 3: 35, 4: 13},
        source="UCI 45; Janosi, Steinbrunn, Pfisterer and Detrano, 1988",
    ),
    "letters": Known(
        file="letter_recognition",
        title="Letters of twenty fonts, by sixteen measurements",
        label="lettr",
        counts=dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", map(int, LETTERS.split()), strict=True)),
        source="UCI 59; Slate, 1991",
        openml=OpenML(6, {letter: letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}),
    ),
    "satellite": Known(
        file="statlog_landsat_satellite",
        title="Landsat: soils and crops from nine pixels in four bands",
        label="class",
        counts={1: 1533, 2: 703, 3: 1358, 4: 626, 5: 707, 7: 1508},
        leaks=("split",),
        source="UCI 146; Srinivasan, 1993",
    ),
    "secom": Known(
        file="secom",
        title="SECOM: wafers that fail, by 590 sensors",
        label="label",
        positive=1,
        counts={-1: 1463, 1: 104},
        leaks=("timestamp",),
        source="UCI 179; McCann and Johnston, 2008",
    ),
    "shuttle": Known(
        file="statlog_shuttle",
        title="Space shuttle: states of radiators, seven classes, the rarest 10 rows in 58,000",
        label="class",
        counts={1: 45586, 2: 50, 3: 171, 4: 8903, 5: 3267, 6: 10, 7: 13},
        leaks=("split",),
        source="UCI 148; Catlett, NASA",
    ),
    "skin": Known(
        file="skin_segmentation",
        title="Skin or not, by the colour of a pixel",
        label="y",
        positive=1,
        counts={1: 50859, 2: 194198},
        source="UCI 229; Bhatt and Dhall, 2012",
    ),
    "sms_spam": Known(
        file="sms_spam_collection",
        title="Short messages, spam or ham",
        label="label",
        positive="spam",
        counts={"ham": 4827, "spam": 747},
        source="UCI 228; Almeida, Gomez Hidalgo and Yamakami, 2011",
    ),
    "spambase": Known(
        file="spambase",
        title="Spambase: e-mails by how often 54 words and signs occur",
        label="Class",
        positive=1,
        counts={0: 2788, 1: 1813},
        source="UCI 94; Hopkins, Reeber, Forman and Suermondt, 1999",
        openml=OpenML(44, {"0": 0, "1": 1}),
    ),
    "steel_plates": Known(
        file="steel_plates_faults",
        title="Faults of steel plates, seven kinds",
        label="Fault",
        counts=FAULTS,
        leaks=tuple(FAULTS),
        source="UCI 198; Buscema, Terzi and Tastle, 2010",
    ),
}
