"""Every figure says what it is, in the words of the models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from dashboards.definitions import in_description
from tests.dashboards import marts_tables
from tests.dashboards.sample_books import MONTH

if TYPE_CHECKING:
    import httpx

TEXT = """\
Everything, a row each.

- gross = list price, of all visits
  there are. More is said elsewhere.
- net_rate = 95 % or more ÷ gross.

Nothing - of = this.
"""


def test_a_line_of_a_description_defines_a_figure_in_one_sentence() -> None:
    assert in_description(TEXT) == {
        "gross": "List price, of all visits there are.",
        "net_rate": "95 % or more ÷ gross.",
    }


def test_every_step_source_and_ratio_is_defined() -> None:
    models = {
        model["name"]: model
        for path in marts_tables.MODELS.rglob("_models.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    }
    for mart, column in (("revenue_waterfall", "step"), ("month_ratios", "measure"), ("cash_by_day", "source")):
        (rule,) = (
            rule["expression"]
            for each in models[mart]["columns"]
            if each["name"] == column
            for rule in each["constraints"]
            if rule["type"] == "check"
        )
        assert set(in_description(models[mart]["description"])) >= set(re.findall(r"'(\w+)'", rule)), mart


def test_every_figure_beside_earlier_ones_and_every_step_says_what_it_is(client: httpx.Client) -> None:
    text = client.get(f"/months/{MONTH}").text
    for part in ("compared", "fall"):
        (table,) = re.findall(rf'<table class="{part}">.*?</table>', text, re.DOTALL)
        heads = re.findall(r'<th scope="row">(.*?)</th>', table, re.DOTALL)
        assert heads
        assert all('class="defined"' in head for head in heads), part
