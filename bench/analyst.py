"""The books as an analyst would make them with pandas: files in, amounts of every visit and month out.

    python -m bench.analyst DIR OUT

DIR is what bench.books wrote. Figures only: no leaks, no checks, no history; the 835 is read by splitting it, and of
the rules only those that these files need are here. OUT gets visits.parquet and months.parquet. Amounts are cents.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

BILLS = ("completed", "partially_completed")
Row = dict[str, Any]


def read_visits(folder: Path) -> pd.DataFrame:
    """Read the ledger and keep the newest observation of each visit, with its month and its first target."""
    texts = {"claim_ref": str, "place_of_service": str, "modifiers": str, "payer_id": str}
    frames = [pd.read_csv(path, dtype=texts) for path in sorted(folder.glob("visits-*.csv"))]
    seen = pd.concat(frames, ignore_index=True)
    for column in ("scheduled_start", "scheduled_end", "started_at", "ended_at", "state_changed_at"):
        seen[column] = pd.to_datetime(seen[column], utc=True, format="ISO8601")
    visits = seen.sort_values("state_changed_at").drop_duplicates("visit_token", keep="last")
    visits = visits.merge(pd.read_csv(folder / "practices.csv"), on="practice_id", how="left")
    service = visits["started_at"].fillna(visits["scheduled_start"])
    visits["period"] = service.dt.strftime("%Y-%m")
    visits["target"] = first_target(visits)
    return visits


def first_target(visits: pd.DataFrame) -> pd.Series:
    """Return what is asked of the patient before any payer answers; a disputed visit comes later."""
    insured = visits["payer_id"].notna()
    state = visits["state"]
    delivered = (visits["ended_at"] - visits["started_at"]).dt.total_seconds().fillna(0).astype("int64")
    planned = (visits["scheduled_end"] - visits["scheduled_start"]).dt.total_seconds().astype("int64")
    charge = visits["charge_cents"]
    part = np.minimum(charge, (2 * charge * delivered + planned) // (2 * planned))
    policy = visits["partial_visit"]
    partial = np.select([policy == "full", policy == "none"], [charge, charge * 0], part)
    choices = [
        (state.isin(BILLS) & insured, visits["patient_estimate_cents"].fillna(0)),
        (state == "completed", charge),
        (state == "partially_completed", partial),
        (state == "no_show", visits["no_show_fee_cents"]),
        (state == "late_cancelled", visits["late_cancel_fee_cents"]),
    ]
    target = np.select([when for when, _ in choices], [np.asarray(amount) for _, amount in choices], 0)
    return pd.Series(target, index=visits.index).astype("int64")


def read_stripe(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the objects that say what was billed and collected, a frame a type."""
    wanted: dict[str, list[Row]] = {
        kind: [] for kind in ("charge", "payment_intent", "invoice", "invoice_payment", "refund", "dispute")
    }
    for path in sorted(folder.glob("stripe-*.jsonl")):
        with path.open() as lines:
            for line in lines:
                thing = json.loads(line)
                if (rows := wanted.get(thing["object"])) is not None:
                    rows.append(stripe_row(thing))
    return {kind: pd.DataFrame(rows) for kind, rows in wanted.items()}


def stripe_row(thing: Row) -> Row:
    """Pick the fields the books need."""
    row = {name: thing.get(name) for name in ("id", "status", "amount", "total", "charge", "payment_intent", "invoice")}
    row["received"], row["captured"] = thing.get("amount_received"), thing.get("amount_captured")
    row["latest_charge"] = thing.get("latest_charge")
    row["visit_token"] = (thing.get("metadata") or {}).get("visit_token")
    if "payment" in thing:
        row["payment_intent"] = thing["payment"]["payment_intent"]
    return row


def billed_and_collected(stripe: dict[str, pd.DataFrame]) -> tuple[pd.Series, pd.Series]:
    """Return what each visit was billed and what was collected for it, by token."""
    invoices = stripe["invoice"]
    paid_by = stripe["invoice_payment"].set_index("payment_intent")["invoice"]
    token_of_invoice = invoices.set_index("id")["visit_token"]
    intents = stripe["payment_intent"]
    intents["invoice"] = intents["id"].map(paid_by)
    intents["visit_token"] = intents["visit_token"].fillna(intents["invoice"].map(token_of_invoice))
    waiting = np.where(intents["latest_charge"].notna() & (intents["status"] != "canceled"), intents["amount"], 0)
    intents["demanded"] = np.where(intents["status"] == "succeeded", intents["received"], waiting)
    token_of_intent = intents.set_index("id")["visit_token"]
    charges = stripe["charge"]
    charges["visit_token"] = charges["visit_token"].fillna(charges["payment_intent"].map(token_of_intent))
    token_of_charge = charges.set_index("id")["visit_token"]
    refunds = stripe["refund"].query("status == 'succeeded'")
    lost = stripe["dispute"].query("status == 'lost'")

    standing = invoices[invoices["status"].isin(["open", "paid", "uncollectible"])]
    bare = intents[intents["invoice"].isna()]
    of_bare = refunds[refunds["payment_intent"].isin(bare["id"])]
    billed = pd.concat(
        [
            standing.groupby("visit_token")["total"].sum(),
            bare.groupby("visit_token")["demanded"].sum(),
            -of_bare["amount"].groupby(of_bare["payment_intent"].map(token_of_intent)).sum(),
        ]
    )
    succeeded = charges[charges["status"] == "succeeded"]
    collected = pd.concat(
        [
            succeeded.groupby("visit_token")["captured"].sum(),
            -refunds["amount"].groupby(refunds["charge"].map(token_of_charge)).sum(),
            -lost["amount"].groupby(lost["charge"].map(token_of_charge)).sum(),
        ]
    )
    return billed.groupby(level=0).sum(), collected.groupby(level=0).sum()


def read_remits(folder: Path) -> pd.DataFrame:
    """Read every claim of every 835 with its adjustments by kind, in the order the payers decided."""
    claims: list[Row] = []
    for path in sorted((folder / "era").glob("*.835")):
        paid_on, trace, transaction, claim = "", "", 0, Row()
        for segment in path.read_text().split("~"):
            parts = segment.strip().split("*")
            match parts[0]:
                case "ST":
                    transaction += 1
                case "BPR":
                    paid_on = parts[16]
                case "TRN":
                    trace = parts[2]
                case "CLP":
                    claim = {"claim_ref": parts[1], "status": parts[2], "charge": cents(parts[3])}
                    claim |= {"paid": cents(parts[4]), "number": parts[7], "place": parts[8], "paid_on": paid_on}
                    claim |= {"trace": trace, "st": transaction, "owed": 0, "contractual": 0, "sequestered": 0}
                    claim |= {"other": 0, "payer": path.name.split("-")[0]}
                    claims.append(claim)
                case "CAS":
                    for at in range(2, len(parts), 3):
                        claim[kind_of(parts[1], parts[at])] += cents(parts[at + 1])
    frame = pd.DataFrame(claims)
    frame["at"] = frame.index
    return frame.sort_values(["paid_on", "trace", "st", "at"], kind="stable").reset_index(drop=True)


def kind_of(group: str, reason: str) -> str:
    """Name the sum that an adjustment belongs to."""
    if group == "PR":
        return "owed"
    return {("CO", "45"): "contractual", ("CO", "253"): "sequestered"}.get((group, reason), "other")


def cents(text: str) -> int:
    """Read dollars."""
    whole, _, rest = text.lstrip("-").partition(".")
    amount = int(whole or 0) * 100 + int((rest + "00")[:2])
    return -amount if text.startswith("-") else amount


def adjudicate(claims: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """Return payer paid, what the patient owes, and the adjustments of each visit that a payer answered."""
    tokens = visits.dropna(subset="claim_ref").set_index("claim_ref")["visit_token"]
    claims["visit_token"] = claims["claim_ref"].map(tokens)
    claims = claims[claims["visit_token"].notna() & ~claims["status"].isin(["23", "25"])].reset_index(drop=True)
    claims["at"] = claims.index
    is_reversal = claims["status"] == "22"
    refuses = (claims["sequestered"] != 0) | (claims["other"] != 0)
    claims["denied"] = (claims["paid"] == 0) & (claims["owed"] == 0) & refuses
    # A reversal undoes the newest earlier claim of its number.
    both = claims[is_reversal].merge(claims[~is_reversal], on=["visit_token", "number"], suffixes=("_back", ""))
    undone = both[both["at"] < both["at_back"]].groupby("at_back")["at"].max()
    # A later claim supersedes an earlier denial.
    last = claims[~is_reversal].groupby(["visit_token", "payer"])["at"].transform("max")
    superseded = claims["denied"] & (claims["at"] < last.reindex(claims.index))
    claims["live"] = ~is_reversal & ~claims["at"].isin(undone) & ~superseded
    live = claims[claims["live"]]
    kept = live[~live["denied"]]
    by_visit = {
        "payer_paid_cents": claims.groupby("visit_token")["paid"].sum(),
        "patient_responsibility_cents": live.groupby("visit_token")["owed"].sum(),
        "contractual_cents": kept.groupby("visit_token")["contractual"].sum(),
        "sequestration_cents": kept.groupby("visit_token")["sequestered"].sum(),
        "other_adjustment_cents": kept.groupby("visit_token")["other"].sum(),
        "denied_cents": refused(live[live["denied"]]),
    }
    return pd.DataFrame(by_visit)


def refused(denials: pd.DataFrame) -> pd.Series:
    """Return every adjustment of the denials of each visit."""
    everything = denials["contractual"] + denials["sequestered"] + denials["other"]
    return everything.groupby(denials["visit_token"]).sum()


def books(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the amounts of every visit and of every month."""
    visits = read_visits(folder)
    billed, collected = billed_and_collected(read_stripe(folder))
    visits = visits.merge(adjudicate(read_remits(folder), visits), left_on="visit_token", right_index=True, how="left")
    adjudicated = visits["patient_responsibility_cents"].notna()
    visits["patient_billed_cents"] = visits["visit_token"].map(billed).fillna(0).astype("int64")
    visits["patient_collected_cents"] = visits["visit_token"].map(collected).fillna(0).astype("int64")
    disputed = visits["state"] == "disputed"
    target = np.where(
        visits["state"].isin(BILLS) & adjudicated, visits["patient_responsibility_cents"], visits["target"]
    )
    visits["patient_target_cents"] = np.where(disputed, visits["patient_billed_cents"], target).astype("int64")
    over = visits["patient_billed_cents"] > visits["patient_target_cents"]
    due = visits["patient_target_cents"] - visits["patient_billed_cents"]
    visits["memo_cents"] = np.where(~disputed & (adjudicated | over), due, 0)
    amounts = ["payer_paid_cents", "contractual_cents", "sequestration_cents", "other_adjustment_cents", "denied_cents"]
    visits[amounts] = visits[amounts].fillna(0).astype("int64")
    sums = [*amounts, "patient_responsibility_cents", "patient_target_cents", "patient_billed_cents"]
    sums += ["patient_collected_cents", "memo_cents", "charge_cents"]
    visits["patient_responsibility_cents"] = visits["patient_responsibility_cents"].astype("Int64")
    return visits[["visit_token", "period", *sums]], visits.groupby("period")[sums].sum()


def main() -> None:
    """Write the books of a folder."""
    parser = argparse.ArgumentParser(description="Makes the books of the generated files with pandas.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    visits, months = books(given.folder)
    visits.to_parquet(given.out / "visits.parquet")
    months.to_parquet(given.out / "months.parquet")


if __name__ == "__main__":
    main()
