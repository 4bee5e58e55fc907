"""The six roles, and what each may do. Seeded as groups; ops may edit the groups afterwards."""

from __future__ import annotations

READ = frozenset(
    f"view_{model}"
    for model in (
        "contact", "address", "customfield", "source", "stage", "arrival", "review", "importbatch", "hubsettings",
        "merge", "historicalcontact", "historicalsource", "historicalcustomfield", "stagetableversion", "refusal",
        "consentrecord",
    )
)  # fmt: skip
LOOK_UP = frozenset(
    {
        "view_contact",
        "view_address",
        "view_arrival",
        "view_source",
        "view_stage",
        "view_merge",
        "view_historicalcontact",
        "view_stagetableversion",
        "view_refusal",
        "view_consentrecord",
    }
)
RULES = frozenset(
    {
        *(f"{act}_{model}" for model in ("source", "customfield", "sourcetoken") for act in ("add", "change")),
        "change_hubsettings",
        "change_purpose",
        "edit_stage_table",
        "force_stage_table",
        "view_sourcetoken",
        "delete_sourcetoken",
        "register_source",
    }
)
IMPORTS = frozenset({"upload_file", "view_importbatch"})
EXPORTS = frozenset({"export_contact", "export_arrival"})
EVERY_FILE = frozenset({"see_every_import", "open_every_file"})
MERGES = frozenset({"merge_contact", "unmerge_contact"})
STOP = frozenset({"withdraw_consent"})  # whoever hears "no more" writes it down

#: Group name to the rights of the ``contacts`` app that it has.
ROLES: dict[str, frozenset[str]] = {
    "admin": READ
    | RULES
    | IMPORTS
    | EXPORTS
    | EVERY_FILE
    | MERGES
    | STOP
    | {"add_contact", "change_contact", "set_sales_stage", "decide_review", "undo_import", "start_duplicatescan"}
    | {"erase_person"},
    "ops": READ
    | RULES
    | IMPORTS
    | EXPORTS
    | EVERY_FILE
    | MERGES
    | STOP
    | {"add_contact", "change_contact", "decide_review", "undo_import", "start_duplicatescan", "erase_person"},
    "reviewer": LOOK_UP | MERGES | STOP | {"view_review", "decide_review"},
    "marketing": LOOK_UP | IMPORTS | STOP,
    "sales": LOOK_UP | STOP | {"add_contact", "change_contact", "set_sales_stage"},
    "auditor": READ | {"see_every_import"},
}

WORKSHEETS = frozenset(
    {
        "syncrules.view_connection",
        "syncrules.view_worksheetversion",
        "syncrules.view_audit",
        "syncrules.view_healthreport",
        "syncrules.view_twowaytest",
        "syncrules.view_pilot",
        "syncrules.view_override",
    }
)
WORKSHEET_RULES = WORKSHEETS | {
    "syncrules.add_connection",
    "syncrules.change_connection",
    "syncrules.edit_worksheet",
    "syncrules.force_worksheet",
    "syncrules.run_sync",
    "syncrules.switch_connection",
    "syncrules.start_audit",
    "syncrules.merge_in_map",
    "syncrules.run_health",
    "syncrules.change_targets",
    "syncrules.run_two_way_test",
    "syncrules.run_pilot",
    "syncrules.ask_override",
    "syncrules.agree_override",
}

#: Rights outside ``contacts``: worksheets belong to ops, and only admin looks after people and groups.
ELSEWHERE: dict[str, frozenset[str]] = {
    "admin": WORKSHEET_RULES
    | {f"auth.{act}_{model}" for model in ("user", "group") for act in ("view", "add", "change", "delete")},
    "ops": WORKSHEET_RULES,
    "reviewer": WORKSHEETS | {"syncrules.agree_override"},
    "marketing": WORKSHEETS,
    "sales": WORKSHEETS,
    "auditor": WORKSHEETS | {"auth.view_user", "auth.view_group"},
}
