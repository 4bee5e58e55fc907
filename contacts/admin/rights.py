"""Who may do what: the groups as they are in the database, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission, User
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_GET

from contacts.admin.pages import needs, page

#: Section, then each act with the rights it takes (all of them).
ACTS: list[tuple[str, list[tuple[str, tuple[str, ...]]]]] = [
    ("Contacts", [
        ("See contacts", ("contacts.view_contact", "contacts.view_address")),
        ("See who changed a contact", ("contacts.view_historicalcontact",)),
        ("Add a contact by hand", ("contacts.add_contact",)),
        ("Edit contacts", ("contacts.change_contact",)),
        ("Set SQL and beyond", ("contacts.set_sales_stage",)),
        ("Export contacts", ("contacts.export_contact",)),
        ("See merges", ("contacts.view_merge",)),
        ("Merge contacts", ("contacts.merge_contact",)),
        ("Take a merge back", ("contacts.unmerge_contact",)),
        ("See what people agreed to", ("contacts.view_consentrecord",)),
        ("Unsubscribe a person", ("contacts.withdraw_consent",)),
        ("Say what people are mailed for", ("contacts.change_purpose",)),
        ("Ask for an erasure, or agree to one", ("contacts.erase_person",)),
    ]),
    ("Arrivals and imports", [
        ("See arrivals", ("contacts.view_arrival",)),
        ("Export the arrival log", ("contacts.export_arrival",)),
        ("See imports", ("contacts.view_importbatch",)),
        ("See other people's imports", ("contacts.see_every_import",)),
        ("Open other people's files", ("contacts.open_every_file",)),
        ("Upload a file", ("contacts.upload_file",)),
        ("Take an import back", ("contacts.undo_import",)),
    ]),
    ("Review", [
        ("See the review queue", ("contacts.view_review",)),
        ("Decide a review", ("contacts.decide_review",)),
        ("Search for likely duplicates", ("contacts.start_duplicatescan",)),
    ]),
    ("Rules", [
        ("See lead sources", ("contacts.view_source",)),
        ("See who changed a source", ("contacts.view_historicalsource",)),
        ("Register a source", ("contacts.register_source",)),
        ("Add sources from the worksheet", ("contacts.add_source",)),
        ("Change a source", ("contacts.change_source",)),
        ("See stages", ("contacts.view_stage",)),
        ("See the stage table and its versions", ("contacts.view_stagetableversion",)),
        ("See what was refused", ("contacts.view_refusal",)),
        ("Draft changes of the stage table", ("contacts.edit_stage_table",)),
        ("Put a stage table in force", ("contacts.force_stage_table",)),
        ("See connections", ("syncrules.view_connection",)),
        ("Add a connection", ("syncrules.add_connection",)),
        ("Change a connection", ("syncrules.change_connection",)),
        ("See worksheets and their versions", ("syncrules.view_worksheetversion",)),
        ("Draft changes of a worksheet", ("syncrules.edit_worksheet",)),
        ("Put a worksheet in force", ("syncrules.force_worksheet",)),
        ("Sync, stop and resume, and retry what failed", ("syncrules.run_sync",)),
        ("Turn a connection on and off", ("syncrules.switch_connection",)),
        ("See two-way tests, pilots and overrides",
         ("syncrules.view_twowaytest", "syncrules.view_pilot", "syncrules.view_override")),
        ("Run the two-way test", ("syncrules.run_two_way_test",)),
        ("Start, end and take back a pilot", ("syncrules.run_pilot",)),
        ("Ask to override a gate", ("syncrules.ask_override",)),
        ("Agree to an override, as the second person", ("syncrules.agree_override",)),
        ("See duplicate audits", ("syncrules.view_audit",)),
        ("Audit duplicates", ("syncrules.start_audit",)),
        ("Carry out the plan of an audit", ("syncrules.merge_in_map",)),
        ("See health", ("syncrules.view_healthreport",)),
        ("Work out health, draw other samples, mail a report", ("syncrules.run_health",)),
        ("Change the health targets", ("syncrules.change_targets",)),
        ("See custom fields", ("contacts.view_customfield",)),
        ("See who changed a custom field", ("contacts.view_historicalcustomfield",)),
        ("Add a custom field", ("contacts.add_customfield",)),
        ("Change a custom field", ("contacts.change_customfield",)),
        ("See source tokens", ("contacts.view_sourcetoken",)),
        ("Issue a source token", ("contacts.add_sourcetoken",)),
        ("Switch a source token off or on", ("contacts.change_sourcetoken",)),
        ("Delete a source token", ("contacts.delete_sourcetoken",)),
        ("See the hub’s settings", ("contacts.view_hubsettings",)),
        ("Change the hub’s settings", ("contacts.change_hubsettings",)),
    ]),
    ("People", [
        ("See people", ("auth.view_user",)),
        ("Add people", ("auth.add_user",)),
        ("Change people and their groups", ("auth.change_user",)),
        ("Delete people", ("auth.delete_user",)),
        ("See groups", ("auth.view_group",)),
        ("Add groups", ("auth.add_group",)),
        ("Change what a group may do", ("auth.change_group",)),
        ("Delete groups", ("auth.delete_group",)),
    ]),
]  # fmt: skip


@dataclass(frozen=True)
class Act:
    """One line of the table: an act in words and, for each group, whether it may."""

    words: str
    allowed: list[tuple[str, bool]]


def table(groups: list[Group]) -> list[tuple[str, list[Act]]]:
    """The acts by section; a right that no act names stands at the end under its own name."""
    held = {group.name: {_code(p) for p in group.permissions.all()} for group in groups}
    sections = [(title, [_act(words, rights, held) for words, rights in acts]) for title, acts in ACTS]
    named = {right for _, acts in ACTS for _, rights in acts for right in rights}
    others = {_code(p): p.name for group in groups for p in group.permissions.all() if _code(p) not in named}
    if others:
        sections.append(("Other rights", [_act(others[code], (code,), held) for code in sorted(others)]))
    return sections


def _act(words: str, rights: tuple[str, ...], held: dict[str, set[str]]) -> Act:
    return Act(words, [(name, rights_of.issuperset(rights)) for name, rights_of in held.items()])


def _code(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


@needs()
@require_GET
def rights_page(request: HttpRequest) -> HttpResponse:
    """The groups and the people. What it shows is what the hub asks: nobody keeps it up to date by hand."""
    groups = list(Group.objects.order_by("name").prefetch_related("permissions__content_type"))
    people = (
        User.objects.filter(is_staff=True)
        .order_by("-is_active", "first_name", "username")
        .prefetch_related("groups", "user_permissions")
    )
    context = {"groups": groups, "sections": table(groups), "people": people}
    return page(request, "hub/rights.html", "Who may do what", context)


urlpatterns = [path("rights/", rights_page, name="rights")]
