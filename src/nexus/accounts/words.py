"""What does an entry of the audit say to the person it is about?"""

from collections.abc import Mapping
from typing import Any, Final

ACTS: Final[Mapping[str, str]] = {
    "signed_up": "You signed up",
    "signed_in": "Signed in",
    "password_accepted": "Password was right; the second factor was asked for",
    "sign_in_refused": "Sign-in refused",
    "signed_out": "Signed out",
    "proven": "Confirmed that it was you",
    "proof_refused": "Confirmation refused",
    "email_verified": "E-mail verified",
    "email_change_asked": "Change of e-mail asked for",
    "email_change_called_off": "Change of e-mail called off",
    "email_changed": "E-mail changed",
    "email_change_undone": "Change of e-mail undone",
    "password_changed": "Password changed",
    "password_reset": "Password reset by mail",
    "totp_added": "Authenticator app added",
    "totp_removed": "Authenticator app removed",
    "recovery_codes_made": "New recovery codes made",
    "recovery_code_used": "Recovery code used",
    "passkey_added": "Passkey added",
    "passkey_removed": "Passkey removed",
    "identity_linked": "Account elsewhere linked",
    "identity_unlinked": "Account elsewhere unlinked",
    "session_ended": "Signed out one browser",
    "sessions_ended": "Signed out in other browsers",
    "name_changed": "Name changed",
    "display_changed": "Time zone, number format or currency changed",
    "consent_given": "Document accepted",
    "data_exported": "Your data downloaded",
    "delete_asked": "Deletion asked for",
    "delete_taken_back": "Deletion taken back",
    "deleted": "Account deleted",
    "role_granted": "Role changed",
    "person_disabled": "Account disabled",
    "person_enabled": "Account enabled again",
    "reset_sent": "A mail to choose a new password was sent",
    "bot_amount_changed": "Amount of a bot changed",
    "bot_went_live": "A bot copied from practice to real money",
    "bot_deleted": "A bot deleted; its history is kept",
    "bots_paused": "All bots paused",
    "bots_stopped": "All bots stopped; what they hold is kept",
    "bots_closed": "All bots told to sell and stop",
    "limits_changed": "Limits changed",
    "limit_closed": "A limit of yours told bots to sell and stop",
    "drawdown_restarted": "The fall is measured anew",
    "person_viewed": "Your account was looked at",
}

WAYS: Final[Mapping[str, str]] = {
    "password": "with the password",
    "passkey": "with a passkey",
    "totp": "with a code from the app",
    "recovery_code": "with a recovery code",
}
DOCUMENTS: Final[Mapping[str, str]] = {"terms": "terms of use", "risk": "risk disclosure"}


def act_in_words(act: str, detail: Mapping[str, Any], *, by_staff: bool) -> str:
    """Say what was done: one line, with what tells it apart from others of its kind."""
    said = ACTS.get(act, act.replace("_", " ").capitalize())
    return ", ".join([said, *_more(detail), *(["by our staff"] if by_staff else [])])


def _more(detail: Mapping[str, Any]) -> list[str]:
    """Say what of the details concerns the person; why our staff did something is theirs."""
    more = []
    if how := detail.get("how"):
        more.append(WAYS.get(how, f"with {how}"))
    if (tries := detail.get("tries", 1)) > 1:
        more.append(f"{tries} times")
    if document := detail.get("document"):
        name = DOCUMENTS.get(document, document)
        more.append(f"{name} of {detail.get('version', '')}".strip())
    if detail.get("widened"):
        more.append("widened")
    if role := detail.get("role"):
        more.append(f"now {role}")
    return more
