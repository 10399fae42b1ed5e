"""Bridges between sets: stated, proposed, guessed, chained; and the acts that state them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from agencies.actors import SYSTEM
from agencies.models import Role
from parindex.audit.models import AuditEntry
from parindex.clock import db_now
from parindex.errors import Invalid, NotPermitted, NotVisible, WrongState
from scoring.criteria import linking
from scoring.criteria.copying import copy_set
from scoring.criteria.linking import NodeTies
from scoring.criteria.links import bridge, bridges, wholes, worst
from scoring.criteria.models import Comparability, CriteriaSet, CriterionLink, SetLink
from scoring.criteria.queries import stale_wordings
from tests.criteria.linked import LEAVES, edit, link, node, tie, two
from tests.factories import actor, person
from tests.factories_scoring import make_block, make_set

pytestmark = pytest.mark.django_db
SAME, RESCALED, NOT = Comparability.values


def kinds(newer, earlier):
    """code → (earlier codes, comparability) of a bridge."""
    found = bridge(newer, earlier)
    old = {one.pk: one.code for one in earlier.criteria.all()}
    return {
        one.code: (
            [old[t.earlier] for t in found.back(one.pk)],
            [t.comparability for t in found.back(one.pk)],
        )
        for one in newer.criteria.all()
    }


def test_a_copy_is_tied_node_to_node_and_its_proposals_follow_the_edits():
    new, old = two()
    assert all(found == ([code], [SAME]) for code, found in kinds(new, old).items())
    edit(new, "1.2.1", max_points="2", rule={"kind": "manual", "step": "0.5"})
    edit(new, "2.1.1", title="Hồ sơ giải quyết đúng hạn", code="2.1.9")
    assert kinds(new, old)["1.2.1"] == (["1.2.1"], [RESCALED])
    assert kinds(new, old)["2.1.9"] == (["2.1.1"], [SAME])


def test_what_a_person_stated_stays_when_the_draft_is_edited():
    new, old = two()
    own = link(new, old)
    linking.set_ties(
        actor=SYSTEM,
        set_link=own,
        node=node(new, "1.2.1"),
        earlier=[node(old, "1.2.1").pk],
        comparability=SAME,
    )
    edit(new, "1.2.1", max_points="2")
    assert kinds(new, old)["1.2.1"] == (["1.2.1"], [SAME])


def test_totals_are_proposed_by_the_totals():
    new, old = two()
    assert bridge(new, old).whole == SAME
    CriteriaSet.objects.filter(pk=new.pk).update(total="20")
    new.refresh_from_db()
    assert bridge(new, old).whole == RESCALED
    linking.set_whole(actor=SYSTEM, set_link=link(new, old), comparability=SAME)
    assert bridge(new, old).whole == SAME


def test_split_merged_and_new_nodes_are_not_comparable():
    new, old = two()
    tie(new, old, {"1.1.1": ["1.1.1", "1.1.2"], "1.1.2": [], "2.1.2": ["2.1.1"]})
    found = bridge(new, old)
    ids = {one.code: one.pk for one in new.criteria.all()}
    assert found.comparable(ids["1.1.1"]) is None and not found.is_split(ids["1.1.1"])
    assert found.back(ids["1.1.2"]) == ()
    assert found.comparable(ids["2.1.1"]) is None and found.is_split(ids["2.1.2"])
    assert found.comparable(ids["1.2.1"]).comparability == SAME
    assert found.forward(node(old, "2.1.2").pk) == ()


def test_a_chain_takes_the_lesser_comparability_and_joins_the_notes():
    middle, old = two()
    last = copy_set(actor=SYSTEM, source=middle, year=2026, block=old.block)
    linking.set_whole(actor=SYSTEM, set_link=link(middle, old), comparability=RESCALED, note="Thang 110.")
    linking.set_whole(actor=SYSTEM, set_link=link(last, middle), comparability=NOT, note="Đổi đối tượng.")
    tie(middle, old, {"1.1.1": ["1.1.1"]}, comparability=RESCALED)
    tie(last, middle, {"1.1.2": ["1.1.1", "1.1.2"]})
    found = bridge(last, old)
    assert (found.whole, found.note, found.stated) == (NOT, "Đổi đối tượng. Thang 110.", True)
    assert kinds(last, old)["1.1.1"] == (["1.1.1"], [RESCALED])
    assert sorted(kinds(last, old)["1.1.2"][0]) == ["1.1.1", "1.1.2"]
    assert wholes([(last, old)])[last.pk, old.pk].comparability == NOT


def test_without_links_ties_are_guessed_by_code_and_title():
    block = make_block()
    old = make_set(LEAVES, year=2024, block=block)
    renamed = [{**LEAVES[0], "title": "BAN HÀNH kế hoạch"}, {**LEAVES[1], "title": "Khác"}, *LEAVES[2:]]
    new = make_set(renamed, year=2025, block=block)
    found = bridge(new, old)
    assert not found.stated and found.whole == SAME
    told = kinds(new, old)
    assert told["1.1.1"] == (["1.1.1"], [SAME]) and told["1.1.2"] == ([], [])
    assert not wholes([(new, old)])[new.pk, old.pk].linked


def test_worst():
    assert worst() == SAME
    assert worst(SAME, RESCALED) == RESCALED and worst(NOT, RESCALED, SAME) == NOT


def test_many_bridges_cost_no_more_than_one(django_assert_num_queries):
    block = make_block()
    sets = [make_set(LEAVES, year=year, block=block) for year in (2022, 2023, 2024, 2025)]
    for newer, earlier in zip(sets[1:], sets[:-1], strict=True):
        linking.state_link(actor=SYSTEM, newer=newer, earlier=earlier)
    pairs = list(zip(sets[1:], sets[:-1], strict=True))
    bridges(pairs)  # reads the trees of the locked sets once
    for some in (pairs[:1], pairs):
        with django_assert_num_queries(2):
            assert len(bridges(some)) == len(some)
        with django_assert_num_queries(1):
            wholes(some)


# The acts


def test_only_the_secretary_states_links():
    new, old = two()
    for role in (Role.ASSESSOR, Role.HEAD, Role.ADMINISTRATOR):
        with pytest.raises(NotPermitted):
            linking.state_link(actor=actor(role), newer=new, earlier=old)
        with pytest.raises(NotPermitted):
            linking.drop_link(actor=actor(role), set_link=link(new, old))


def test_stating_twice_is_once_and_guesses_are_proposals():
    block = make_block()
    old, new = (make_set(LEAVES, year=year, block=block) for year in (2024, 2025))
    first = linking.state_link(actor=SYSTEM, newer=new, earlier=old)
    assert first == linking.state_link(actor=SYSTEM, newer=new, earlier=old)
    assert CriterionLink.objects.filter(set_link=first, stated=False).count() == new.criteria.count()
    assert AuditEntry.objects.filter(action="set_link.stated").count() == 1


def test_a_set_follows_only_an_earlier_one():
    block = make_block()
    one, two_ = make_set(LEAVES, year=2025, block=block), make_set(LEAVES, year=2025, block=block)
    linking.state_link(actor=SYSTEM, newer=two_, earlier=one)
    for newer, earlier in ((one, two_), (one, one), (make_set(LEAVES, year=2025), one)):
        with pytest.raises(Invalid):
            linking.state_link(actor=SYSTEM, newer=newer, earlier=earlier)
    assert SetLink.objects.count() == 1


def test_ties_are_set_together_or_not_at_all_and_recorded():
    new, old = two()
    own = link(new, old)
    a, b = node(new, "1.1.1"), node(new, "1.1.2")
    wanted = {a.pk: NodeTies((node(old, "1.1.1").pk, node(old, "1.1.2").pk), NOT), b.pk: NodeTies()}
    assert linking.set_all_ties(actor=SYSTEM, set_link=own, ties=wanted) == 2
    assert linking.set_all_ties(actor=SYSTEM, set_link=own, ties=wanted) == 0
    entry = AuditEntry.objects.get(action="set_link.ties_changed")
    assert entry.after["links"] == ["1.1.1 ← 1.1.1, 1.1.2 (not_comparable)", "1.1.2 ← —"]
    for bad in ({a.pk: NodeTies((a.pk,))}, {node(old, "1.1.1").pk: NodeTies()}, {a.pk: NodeTies((), "x")}):
        with pytest.raises(Invalid):
            linking.set_all_ties(
                actor=SYSTEM, set_link=own, ties={b.pk: NodeTies((node(old, "1.2.1").pk,)), **bad}
            )
    assert linking.read_ties(own).get(b.pk) is None


def test_not_comparable_wants_a_reason():
    new, old = two()
    with pytest.raises(Invalid) as refused:
        linking.set_whole(actor=SYSTEM, set_link=link(new, old), comparability=NOT, note=" ")
    assert "note" in refused.value.fields
    with pytest.raises(Invalid):
        linking.set_whole(actor=SYSTEM, set_link=link(new, old), comparability="better")
    with pytest.raises(Invalid):
        linking.set_whole(actor=SYSTEM, set_link=link(new, old), comparability=SAME, note="x" * 501)


def test_what_an_amendment_used_stays():
    new, old = two()
    own = link(new, old)
    SetLink.objects.filter(pk=own.pk).update(frozen_at=db_now())
    for act in (
        lambda: linking.drop_link(actor=SYSTEM, set_link=own),
        lambda: linking.set_whole(actor=SYSTEM, set_link=own, comparability=SAME),
        lambda: linking.set_ties(actor=SYSTEM, set_link=own, node=node(new, "1.1.1"), earlier=[]),
    ):
        with pytest.raises(WrongState):
            act()


def test_a_link_taken_back_is_gone():
    new, old = two()
    own = link(new, old)
    linking.drop_link(actor=SYSTEM, set_link=own)
    assert not CriterionLink.objects.exists()
    with pytest.raises(NotVisible):
        linking.drop_link(actor=SYSTEM, set_link=own)
    assert AuditEntry.objects.filter(action="set_link.dropped").count() == 1


def test_a_rule_that_changed_under_the_same_wording_is_told(client: Client) -> None:
    """Agencies read the official wording and the rule: they must not contradict each other."""
    yes = {"kind": "boolean", "yes": "2", "no": "0"}
    earlier = make_set([{"code": "1.1", "max": "2", "rule": yes, "rule_text": "Đạt: 2; không đạt: 0"}])
    draft = copy_set(actor=SYSTEM, source=earlier, year=earlier.year + 1, block=earlier.block)
    leaf = draft.criteria.get(code="1.1")
    assert stale_wordings(draft) == []
    leaf.rule = yes | {"no": "0.5"}
    leaf.save()
    assert stale_wordings(draft) == [leaf]
    client.force_login(person(Role.SECRETARY))
    for page in ("criteria:set", "criteria:lock"):
        assert "nguyên văn vẫn như bộ trước" in client.get(reverse(page, args=[draft.pk])).content.decode()
    leaf.rule_text = "Đạt: 2; không đạt: 0,5"
    leaf.save()
    assert stale_wordings(draft) == []
