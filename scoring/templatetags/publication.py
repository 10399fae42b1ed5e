"""What pages of lower rooms show of publication."""

from __future__ import annotations

from typing import Any

from django import template

from scoring.publication.permissions import may_propose, may_read
from scoring.ranking.models import RankingRun, RunStage

register = template.Library()


@register.inclusion_tag("admin/publication/_run_actions.html", takes_context=True)
def publication_actions(context: template.Context, run: RankingRun) -> dict[str, Any]:
    """{% publication_actions run %}: preview a finished final run, propose its publication."""
    actor = context["request"].actor
    final = run.state == RankingRun.State.DONE and run.stage == RunStage.FINAL
    return {
        "run": run,
        "may_preview": final and may_read(actor),
        "may_propose": final and may_propose(actor),
    }
