"""What the agency's pages share: refusals as answers, rows of the sheet with their forms, the page's context."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from agencies.actors import Actor
from agencies.models import Role
from parindex.clock import db_now
from parindex.errors import NotPermitted, NotVisible, Refusal, StaleVersion
from scoring.assessment.cycle_settings import CycleSettings
from scoring.assessment.forms.answer import LeafInputs, inputs_form
from scoring.assessment.input_words import inputs_in_words
from scoring.assessment.models import Answer, Scoresheet, SheetState
from scoring.assessment.permissions import AGENCY_READERS, may_assign_divisions
from scoring.assessment.queries.amended import amendment_behind
from scoring.assessment.queries.effect import Effect, effects_on_sheet
from scoring.assessment.queries.leaves import LeafView
from scoring.assessment.queries.sheet import SheetView, read_sheet
from scoring.assessment.workflow import steps_from
from scoring.criteria.queries import tree_of
from scoring.criteria.wording import expression_in_words, rule_in_words, trace_in_words

WHOLE_LEAF = "workspace/parts/leaf_whole.html"

View = Callable[..., HttpResponse]


def actor_of(request: HttpRequest) -> Actor:
    """The person who asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def is_htmx(request: HttpRequest) -> bool:
    """Whether a part of the page asks for itself."""
    return bool(getattr(request, "htmx", False))


def agency_page(view: View) -> View:
    """A page for people of agencies. What does not exist for them is 404, what they may not do 403."""

    @functools.wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if not actor_of(request).has(*AGENCY_READERS):
                raise NotVisible
            return view(request, *args, **kwargs)
        except NotVisible:
            raise Http404 from None
        except NotPermitted as refused:
            if is_htmx(request):
                return HttpResponse(status=403, headers={"X-Refusal": quote(str(refused))})
            raise PermissionDenied(str(refused)) from None

    return inner


def sheet_url(sheet: Scoresheet, *, area: str = "", anchor: str = "", name: str = "workspace:sheet") -> str:
    """The address of a sheet's page, at an area and a leaf."""
    query = f"?{urlencode({'area': area})}" if area else ""
    return reverse(name, args=[sheet.public_id]) + query + (f"#{anchor}" if anchor else "")


def area_code(answer: Answer) -> str:
    """The code of the area in which an answer stands. No query where the tree was read before."""
    return tree_of(answer.scoresheet.criteria_set).area_of(answer.criterion_id).code


def say_refusal(request: HttpRequest, refused: Refusal, back: str) -> HttpResponse:
    """Show why nothing was done, on the page that the person came from."""
    for text in refused.messages:
        messages.error(request, text)
    return HttpResponseRedirect(back)


@dataclass
class Row:
    """How one leaf is shown to this reader: its form or its words, and what was refused just now."""

    key: str
    rule_text: str
    form: LeafInputs | None = None
    words: list[tuple[str, str]] = field(default_factory=list)
    expression: str = ""
    trace: str = ""
    note: str = ""
    version: int = 0
    refused: Refusal | None = None
    conflict: list[tuple[str, str, str]] = field(default_factory=list)
    slots: list[tuple[str, str]] = field(default_factory=list)
    profile_reason: str = ""
    typed: list[tuple[str, str]] = field(default_factory=list)
    reply_text: str = ""
    reply_version: int = 0
    reply_inputs: list[tuple[str, str]] = field(default_factory=list)
    reply_expression: str = ""
    effect: Effect | None = None

    @property
    def problems(self) -> list[str]:
        """What was refused and belongs to no field."""
        if self.refused is None or self.conflict:
            return []
        own = {"", "note"} if self.form is not None else set(self.refused.fields)
        named = set(self.form.fields) if self.form is not None else set()
        return [
            t
            for name, texts in self.refused.fields.items()
            if name in own or name not in named
            for t in texts
        ]


def row_of(
    leaf: LeafView,
    *,
    data: Mapping[str, Any] | None = None,
    note: str | None = None,
    refused: Refusal | None = None,
) -> Row:
    """The row of a leaf; with ``data`` as it was typed."""
    answer = leaf.answer
    row = Row(answer.public_id.hex if answer else leaf.criterion.public_id.hex, leaf.criterion.rule_text)
    row.rule_text = row.rule_text or rule_in_words(leaf.criterion)
    if answer is None:
        return row
    row.note = answer.note if note is None else note
    row.version, row.refused = answer.version, refused
    if not (leaf.is_requested or leaf.by_profile or leaf.is_granted):
        row.expression, row.trace = expression_in_words(answer.trace), trace_in_words(answer.trace)
    if leaf.takes_inputs:
        row.form = inputs_form(leaf.rule, key=row.key, data=data, inputs=answer.inputs, facts=leaf.facts)
        if refused is not None and not isinstance(refused, StaleVersion):
            row.form.show_faults(refused.fields)
        elif data is not None:
            row.form.show_faults({})
        row.slots = [
            (f"slot-{row.form.add_prefix(name)}", " ".join(map(str, row.form.errors.get(name, []))))
            for name in row.form.fields
        ]
    else:
        row.words = inputs_in_words(leaf.rule, answer.inputs)
        if refused is not None and data is not None:  # the fields are gone: show what was typed, to be copied
            raw = inputs_form(leaf.rule, key=row.key, data=data).raw
            row.typed = [*inputs_in_words(leaf.rule, raw), (_("Note"), note or "")]
            row.note = answer.note
    if isinstance(refused, StaleVersion):
        row.conflict = conflict_rows(leaf, refused)
    return row


def conflict_rows(leaf: LeafView, stale: StaleVersion) -> list[tuple[str, str, str]]:
    """(label, saved now, typed here) of the fields that differ."""
    current, offered = stale.current, stale.offered
    now = dict(inputs_in_words(leaf.rule, current.get("inputs")))  # type: ignore[arg-type]
    mine = dict(inputs_in_words(leaf.rule, offered.get("inputs")))  # type: ignore[arg-type]
    rows = [(label, now.get(label, ""), mine.get(label, "")) for label in dict.fromkeys([*now, *mine])]
    for key, label in (("note", _("Note")), ("text", _("Explanation"))):
        if key in current or key in offered:
            rows.append((label, str(current.get(key) or ""), str(offered.get(key) or "")))
    return [row for row in rows if row[1] != row[2]]


def shows_effect(leaf: LeafView) -> bool:
    """Whether the row tells what leaving the leaf out does: it can be asked for, is asked for, or was granted."""
    return leaf.may_ask_not_applicable or leaf.is_requested or leaf.is_granted


def attach_rows(view: SheetView, *, special: Mapping[int, Row] | None = None) -> None:
    """Give every leaf that is shown its row; ``special``: rows by answer id that were made otherwise."""
    profiles = view.sheet.criteria_set.profiles or {}
    held = view.sheet.participation.profiles
    shown = [leaf for branch in view.branches for leaf in branch.all_leaves()]
    effects = effects_on_sheet(view, [leaf for leaf in shown if shows_effect(leaf)])
    for branch in view.branches:
        for leaf in branch.all_leaves():
            ready = (special or {}).get(leaf.answer.pk) if leaf.answer else None
            leaf.row = ready or row_of(leaf)
            leaf.row.effect = effects.get(leaf.answer.pk) if leaf.answer else None
            if leaf.by_profile:
                named = [name for name in leaf.criterion.not_applicable_for if name in held]
                leaf.row.profile_reason = "; ".join(str(profiles.get(name, name)) for name in named)


def page_context(request: HttpRequest, view: SheetView) -> dict[str, Any]:
    """What every page of a sheet shows at its top and side."""
    sheet, actor = view.sheet, actor_of(request)
    agency_id = sheet.participation.agency_id
    steps = {step.name: step for step in steps_from(sheet.state, actor=actor, agency_id=agency_id)}
    if sheet.state == SheetState.SUBMITTED and not view.is_open:
        steps.pop("withdraw", None)
    return (
        {
            "view": view,
            "sheet": sheet,
            "agency": sheet.participation.agency,
            "cycle": sheet.participation.cycle_block.cycle,
            "progress": view.progress,
            "steps": steps,
            "gap_count": len(view.progress.gaps),
            "window": view.window,
            "closed": view.window is not None and not view.is_open,
            "is_drafting": sheet.state == SheetState.DRAFTING,
            "is_explaining": sheet.state == SheetState.EXPLAINING,
            "is_head": actor.has_in(agency_id, Role.HEAD),
            "may_divide": may_assign_divisions(actor, agency_id=agency_id),
            "is_division_editor": bool(actor.division_ids(agency_id)),
            "criteria_set": sheet.criteria_set,
        }
        | _index(view)
        | amended_context(sheet)
    )


def amended_context(sheet: Scoresheet) -> dict[str, Any]:
    """The amendment behind a sheet and the sheets before and after it. No query where there was none."""
    if sheet.state != SheetState.REPLACED and sheet.carried_from_id is None:
        return {}
    around = Scoresheet.objects.filter(Q(pk=sheet.carried_from_id) | Q(carried_from=sheet)).only("public_id")
    found = {one.pk == sheet.carried_from_id: one.public_id for one in around}
    return {
        "amendment": amendment_behind(sheet),
        "earlier_sheet": found.get(True),
        "replaced_by": found.get(False),
    }


def _index(view: SheetView) -> dict[str, Any]:
    """The final index, printed as rankings print it, and with how many digits."""
    if view.final is None:
        return {"final_index": None}
    block = view.sheet.participation.cycle_block
    chosen, slug = CycleSettings.parse(block.cycle.settings), block.block.slug
    return {
        "final_index": chosen.printed_index(slug, *view.final),
        "index_digits": chosen.ranking_for(slug).digits,
    }


def render_area(
    request: HttpRequest,
    sheet: Scoresheet,
    *,
    area: str,
    typed: Callable[[SheetView], Mapping[int, Row]] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The sheet's page at an area; ``typed`` makes the rows that show what was typed and refused."""
    view = read_sheet(sheet, actor=actor_of(request), now=db_now(), area=area)
    attach_rows(view, special=typed(view) if typed else None)
    return render(request, "workspace/sheet.html", page_context(request, view), status=status)


def render_leaf(
    request: HttpRequest, sheet: Scoresheet, answer: Answer, template: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    """One row of the sheet with what else on the page it changes (sums, progress, areas).

    Last year's points are read where whole rows are drawn alone: parts of a row leave them as they stand.
    """
    row = more.pop("row", None)
    rescored: Sequence[Answer] = more.get("rescored", ())
    view = read_sheet(
        sheet,
        actor=actor_of(request),
        now=db_now(),
        area=area_code(answer),
        last_year=bool(rescored) or template == WHOLE_LEAF,
    )
    leaf = view.leaf(answer)
    also = {one.pk for one in rescored}
    attach_rows(view, special={answer.pk: row(leaf)} if row else None)
    context = page_context(request, view) | {
        "leaf": leaf,
        "row": leaf.row,
        "sums": view.ancestors(leaf.criterion),
        "oob": True,
        "also": [
            one
            for branch in view.branches
            for one in branch.all_leaves()
            if one.answer is not None and one.answer.pk in also
        ],
        **more,
    }
    response = render(request, template, context, status=status)
    if template == WHOLE_LEAF:
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = f"#{leaf.anchor}", "outerHTML"
    return response
