"""What Dagster's own processes load: the graph of assets, the schedules, and the drop folder where one is set."""

import dagster as dg

from ledger.settings import Settings
from orchestration import drop_folder, jobs
from orchestration.defs import resources
from orchestration.graph import assembled


@dg.definitions
def trueup() -> dg.Definitions:
    """Give it to `dagster-webserver -m orchestration.definitions`; TRUEUP_HOME says whose manifest it reads.

    The only Dagster object of this module: one more beside it would make this one's assets vanish without a word.
    """
    settings = Settings.from_environment()
    graph = assembled(resources.project_from_environment().manifest())
    watched = [drop_folder.watched(settings.drop_folder)] if settings.drop_folder else []
    return dg.Definitions.merge(graph, jobs.timetable(settings), *watched)
