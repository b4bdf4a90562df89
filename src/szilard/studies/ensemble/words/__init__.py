"""What an ensemble says, in plain words with numbers: for the terminal and for the page."""

from __future__ import annotations

import math
from collections.abc import Iterator

from szilard.estimate import Estimate
from szilard.numbers import number, with_error
from szilard.studies import sentences
from szilard.studies.ensemble.reading import EnsembleReading
from szilard.studies.ensemble.words.budget import cost, effect, m_info, outcome, stopping
from szilard.studies.ensemble.words.design import design, diverged, guessing, in_sample, missing, reach, undefined
from szilard.studies.sentences import amount
from szilard.verdicts.audit import Audit

BUDGET = (
    ("learned", "I(X;task)", "info_task"),
    ("memorised", "I(X;data|task)", "info_dataset"),
    ("luck", "I(X;seed|data)", "info_seed"),
    ("  start", "I(X;init|data)", "info_seed_initialisation"),
    ("  order", "I(X;order|data,init)", "info_seed_order"),
    ("in all", "I(X;Θ), L-info", "l_info"),
)
"""A word, the symbol, and the column."""
LEDGER = (
    ("W", "mean work", "work_mean"),
    ("Q", "mean heat absorbed", "heat_mean"),
    ("Σ(X)", "entropy production of the marginal", "ep_marginal"),
    ("ΔI", "change of L-info", "ep_ignorance"),
)


def summary(reading: EnsembleReading, audit: Audit) -> str:
    """The record in a screenful: what came of it, the design, the budget with brackets, the mean ledger."""
    told = sentences.entry("outcome", outcome(reading))
    if stop := stopping(reading):
        told += sentences.entry("stopping", stop)
    told += ["", *sentences.entry("design", design(reading))]
    told += sentences.model(reading.attributes) + sentences.probe(reading.attributes)
    told += sentences.entry("recorded", reach(reading))
    if reading.records:
        told += ["", *_budget(reading), "", *_ledger(reading), ""]
        told += [line for said in _performance(reading) for line in sentences.entry(*said)]
    if said := effect(reading):
        told += sentences.entry("sample", said)
    if said := m_info(reading):
        told += sentences.entry("M-info", said)
    return sentences.screenful(reading, audit, told, missing=missing(reading), remarks=_warnings(reading))


def paragraphs(reading: EnsembleReading, audit: Audit) -> list[tuple[str, str]]:
    """Paragraphs of plain text, each with a word to lead in."""
    found = [
        ("The budget", outcome(reading)),
        ("The design", f"{design(reading)}; {reach(reading)}{_probed(reading)}."),
        ("The stopping point", stopping(reading)),
        ("The effect of the sample", effect(reading)),
        ("The parameters", m_info(reading)),
        ("The cost", cost(reading)),
        ("What this design cannot give", " ".join(missing(reading))),
        ("The evidence", _trust(reading, audit)),
    ]
    return [(lead, text) for lead, text in found if text]


def _probed(reading: EnsembleReading) -> str:
    probe = reading.mapping("probe")
    split = " of the training split" if reading.in_sample else ""
    inputs, outcomes = probe.get("inputs"), probe.get("outcomes")
    if not isinstance(inputs, int) or not isinstance(outcomes, int):
        return ""
    loss = "the loss on them" if reading.in_sample else "test loss"
    labels = f", labels used for {loss} and accuracy only" if probe.get("labelled") else ", no labels"
    return f"; on {inputs:,} probe inputs{split} with {outcomes:,} possible outcomes{labels}"


def _trust(reading: EnsembleReading, audit: Audit) -> str:
    said = [audit.verdict] if audit.rows else []
    note = reading.attributes.get("notes_on_coverage")
    if isinstance(note, str) and note:
        said.append(f"{note[:1].upper()}{note[1:].rstrip('.')}.")
    said.append("± is one standard error; bands and bars on this page show 95 %, by Student's t over the clusters.")
    return " ".join(said)


def _budget(reading: EnsembleReading) -> list[str]:
    """Every part with its error, bracket and kind."""
    over = str(reading.mapping("design").get("outermost", "cluster"))
    rows = []
    for word, symbol, name in BUDGET:
        estimate = reading.known(name)
        if estimate is not None:
            bracket = reading.bracket(name)
            shown = "" if bracket is None else f"[{number(bracket[0], 3)}, {number(bracket[1], 3)}]"
            # Where it is saturated only the bracket means something, whatever the kind of the estimate.
            kind = "saturated" if reading.saturated(name) else str(estimate.kind)
            shape = f" ({_aligned(estimate).strip()})" if kind == "saturated" else _aligned(estimate)
            rows.append((word, symbol, shape, shown, kind))
    note = f"  last record, nat per input; ± standard error over {over}s; (too few runs); [bracket]"
    wide, bracketed = (max((len(row[place]) for row in rows), default=0) for place in (2, 3))
    return [note, ""] + [
        f"  {word:10} {symbol:21}{amount:<{wide}}  {bracket:<{bracketed}}  {kind}".rstrip()
        for word, symbol, amount, bracket, kind in rows
    ]


def _ledger(reading: EnsembleReading) -> list[str]:
    """Mean work and heat, and what the marginal adds, with the sign aligned."""
    found = [
        (symbol, words, estimate) for symbol, words, name in LEDGER if (estimate := reading.known(name)) is not None
    ]
    rows = [(symbol, words, _aligned(estimate), str(estimate.kind)) for symbol, words, estimate in found]
    wide = max((len(amount) for _, _, amount, _ in rows), default=0)
    return [f"  {symbol:5} {words:36}{amount:<{wide}}  nat  {kind}" for symbol, words, amount, kind in rows]


def _performance(reading: EnsembleReading) -> Iterator[tuple[str, str]]:
    """Accuracy and test loss: first and last."""
    loss, probe = ("probe loss", "probe (training inputs)") if reading.in_sample else ("test loss", "probe")
    for name, words, unit in (("accuracy_mean", "accuracy", ""), ("cross_entropy_mean", loss, " nat")):
        first, last = reading.known(name, 0), reading.known(name)
        if first is not None and last is not None:
            yield words, f"{number(first.value, 4)} → {amount(last)}{unit} on the {probe}, mean of the members"


def _warnings(reading: EnsembleReading) -> list[str]:
    """What must be confessed of an ensemble, beside what any record has to."""
    note = reading.attributes.get("notes_on_coverage")
    small = f"a small design: {note}" if isinstance(note, str) and note else ""
    found = [in_sample(reading), diverged(reading), guessing(reading), small, undefined(reading)]
    return [said for said in found if said]


def _aligned(estimate: Estimate) -> str:
    """A number with its error, its sign in a column of its own."""
    value, error = float(estimate.value), float(estimate.error)
    amount = with_error(value, error) if math.isfinite(error) else f"{number(value, 3)} (no error)"
    return amount if amount.startswith("-") else f" {amount}"
