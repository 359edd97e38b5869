"""The finance guide says what the models say."""

from orchestration import dbt_project, finance_guide


def test_the_guide_holds_the_definitions_as_they_are_now() -> None:
    guide = finance_guide.GUIDE.read_text(encoding="utf-8")
    assert guide == finance_guide.with_definitions(guide), "run `make docs`"


def test_a_definition_that_changes_changes_the_guide() -> None:
    guide = finance_guide.GUIDE.read_text(encoding="utf-8")
    assert finance_guide.with_definitions(guide.replace("net_collection_rate", "")) == guide


def test_the_guide_defines_every_mart_of_the_month() -> None:
    folder = dbt_project.directory() / "models" / "marts" / "month"
    guide = finance_guide.GUIDE.read_text(encoding="utf-8")
    missing = [path.stem for path in folder.glob("*.sql") if f"### {path.stem}\n" not in guide]
    assert [name for name in missing if not name.startswith("int_")] == []
