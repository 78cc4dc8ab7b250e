"""What are the pages of joining and of lost passwords shown with in tests?"""

from datetime import UTC, datetime
from typing import Any

from nexus.accounts.consent import DOCUMENTS
from nexus.accounts.forms import SignUpForm, VerifyForm
from nexus.accounts.issuers import Issuer
from nexus.accounts.pending_email import PendingEmail
from nexus.feed.onboard import StepView
from nexus.mail.mailbox import MailView, cut

GOOGLE = Issuer("google", "Google", "https://accounts.google.com", "id", "secret")
EMAIL = "somebody.with.a.long.address@subdomain.of.a.long.example.com"
COMMON = "This password is one that attackers try first. Choose another."
LINK = "http://127.0.0.1:8000/verify?token=R2Qy0aV3mY8tX1bZ5cN7dL9eK4fJ6gH0iU2oP3qS5rT"
MAIL = MailView(
    7, "verify", EMAIL, "1234 5678 is your Nexus code", datetime(2026, 3, 2, 14, 32, tzinfo=UTC),
    cut(f"Write this code where you signed up:\n\n    1234 5678\n\nOr open this link:\n\n{LINK}\n"),
)  # fmt: skip


STEPS = [
    StepView(
        "verify",
        "Confirm your e-mail address",
        "Mails must reach you.",
        "Confirm",
        "/sign-up",
        "done",
    ),
    StepView(
        "bot", "Start a bot on paper", "With pretend money.", "Start a bot", "/bots/new", "open"
    ),
    StepView(
        "factor",
        "Add a second factor",
        "A password is not enough.",
        "Add one",
        "/settings",
        "skipped",
    ),
    StepView(
        "exchange",
        "Connect your exchange",
        "When you are ready.",
        "Connect",
        "/accounts/new",
        "open",
    ),
]


def sign_up(**errors: str) -> dict[str, Any]:
    form = SignUpForm(email=EMAIL, terms=DOCUMENTS[0].version) if errors else SignUpForm()
    return {"form": form, "errors": errors, "documents": DOCUMENTS, "issuers": [GOOGLE]}


def check(*, sent_again: bool = False, **errors: str) -> dict[str, Any]:
    return {
        "email": EMAIL,
        "typed": "1234 5678" if errors else "",
        "sent_again": sent_again,
        "errors": errors,
        "mailbox": "/development/mail",
    }


def verify(*, good: bool = True, here: bool = True, **errors: str) -> dict[str, Any]:
    return {
        "email": EMAIL if good else "",
        "is_known": good,
        "asked_here": here,
        "form": VerifyForm(token="A" * 43),
        "errors": errors,
        "documents": DOCUMENTS,
    }


def email_link(act: str, *, old: bool = False) -> dict[str, Any]:
    return {"act": act, "token": "A" * 43, "email": EMAIL, "is_old_mailbox": old}


def change_email(*, sent: bool = False, **errors: str) -> dict[str, Any]:
    mailbox = "/development/mail" if sent else None
    return {
        "old": EMAIL,
        "email": "",
        "pending": PendingEmail("new@example.com", sent, False) if sent else None,  # noqa: FBT003
        "sent": sent,
        "called_off": not sent,
        "errors": errors,
        "mailbox": mailbox,
    }


PUBLIC_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "sign-up": ("accounts/sign_up.html", sign_up()),
    "sign-up-wrong": (
        "accounts/sign_up.html",
        sign_up(email="Write a whole address.", password=COMMON, risk="Accept it to go on."),
    ),
    "sign-up-often": ("accounts/sign_up.html", sign_up(**{"": "Too many attempts. Wait."})),
    "check-mail": ("accounts/check_mail.html", check()),
    "check-mail-again": (
        "accounts/check_mail.html",
        check(sent_again=True, code="This code is not right."),
    ),
    "verify": ("accounts/verify.html", verify()),
    "verify-elsewhere": ("accounts/verify.html", verify(here=False, password=COMMON)),
    "verify-late": ("accounts/verify.html", verify(good=False)),
    "forgot": ("accounts/forgot.html", {"email": "", "errors": {}}),
    "forgot-wrong": (
        "accounts/forgot.html",
        {"email": "ada", "errors": {"email": "Write a whole address."}},
    ),
    "forgot-sent": ("accounts/forgot_sent.html", {"mailbox": None}),
    "reset": ("accounts/reset.html", {"token": "A" * 43, "errors": {}, "good": True}),
    "reset-wrong": (
        "accounts/reset.html",
        {"token": "A" * 43, "errors": {"password": COMMON}, "good": True},
    ),
    "reset-late": ("accounts/reset.html", {"token": "", "errors": {}, "good": False}),
    "reset-done": ("accounts/reset_done.html", {}),
    "email-confirm-new": ("accounts/email_link.html", email_link("confirm")),
    "email-confirm-old": ("accounts/email_link.html", email_link("confirm", old=True)),
    "email-undo": ("accounts/email_link.html", email_link("undo")),
    **{
        f"email-{outcome}-{act}": (
            "accounts/email_step.html",
            {"outcome": outcome, "email": EMAIL, "act": act, "mailbox": "/development/mail"},
        )
        for act in ("confirm", "undo")
        for outcome in ("bad", "waits", "changed", "taken", "undone")
    },
    "terms": ("accounts/documents/terms.html", {"document": DOCUMENTS[0]}),
    "risk": ("accounts/documents/risk.html", {"document": DOCUMENTS[1]}),
    "mailbox": ("development/mail.html", {"mails": [MAIL]}),
    "mailbox-empty": ("development/mail.html", {"mails": []}),
}
"""Pages that nobody need be signed in for."""

PERSONS_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "change-password": (
        "accounts/change_password.html",
        {"has_old": True, "done": False, "errors": {"current": "This is not your password."}},
    ),
    "change-password-done": (
        "accounts/change_password.html",
        {"has_old": False, "done": True, "errors": {}},
    ),
    "change-email": ("accounts/change_email.html", change_email(email="Write a whole address.")),
    "change-email-sent": ("accounts/change_email.html", change_email(sent=True)),
    "consent": (
        "accounts/consent.html",
        {"documents": DOCUMENTS, "next": "/", "errors": {"risk": "Accept it to go on."}},
    ),
}
"""Pages of somebody who is signed in."""
