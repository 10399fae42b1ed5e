"""Every act on blocks, agencies, divisions, successions, accounts and roles."""

from agencies.services.accounts import (
    create_account,
    deactivate_account,
    end_role,
    grant_role,
    issue_one_time_password,
    membership_faults,
    reactivate_account,
    save_membership,
    unlock_account,
    update_account,
)
from agencies.services.logins import (
    LinkMaker,
    change_password,
    note_failed_login,
    note_login,
    note_logout,
    request_password_reset,
    send_invitations,
)
from agencies.services.structure import (
    merge_agencies,
    record_succession,
    save_agency,
    save_block,
    save_division,
)

__all__ = [
    "LinkMaker",
    "change_password",
    "create_account",
    "deactivate_account",
    "end_role",
    "grant_role",
    "issue_one_time_password",
    "membership_faults",
    "merge_agencies",
    "note_failed_login",
    "note_login",
    "note_logout",
    "reactivate_account",
    "record_succession",
    "request_password_reset",
    "save_agency",
    "save_block",
    "save_division",
    "save_membership",
    "send_invitations",
    "unlock_account",
    "update_account",
]
