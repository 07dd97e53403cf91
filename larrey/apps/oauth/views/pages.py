"""The pages of people: an app asks to act for her, and which apps do."""

from __future__ import annotations

from urllib.parse import urlencode

from authlib.oauth2.rfc6749 import OAuth2Error
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from larrey.access import callers, record
from larrey.access.models import Account
from larrey.access.scopes import Scopes, limited, parse
from larrey.apps.oauth.actions import consenting, launching
from larrey.apps.oauth.actions.server import Server, server
from larrey.apps.oauth.models import Client
from larrey.apps.oauth.queries import addresses, clients, patients
from larrey.apps.oauth.queries.parameters import odd
from larrey.apps.oauth.queries.wording import Wording, wording
from larrey.kit.errors import Forbidden, NotFound, Unauthenticated
from larrey.store.caller import Caller
from larrey.ui.middleware import POLICY

_OWN = ("q", "patient")
"""Parameters of the page itself, which the app did not send."""


@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """An app asks; the person chooses the patient where one is needed, and allows or refuses."""
    account, caller = _signed_in(request)
    bad = odd(request, own=("q",))
    if bad is not None:
        return _mistaken(request, f"The parameter {bad} is too long or holds characters that it may not have.")
    found = server(addresses.site(request))
    try:
        grant = found.get_consent_grant(request, end_user=account)
    except OAuth2Error as error:
        return _refused(request, found, error)
    if request.method == "POST" and request.POST.get("decision") != "allow":
        return consenting.refuse(found, grant)
    asked = parse(grant.request.payload.scope)
    granted = limited(asked, caller.rights)
    _demand(account, caller, asked, granted)
    patient = _patient(request, account, asked)
    if patient is None:
        return _choice(request, account, caller, grant.client)
    what = f"Patient/{patient}, for {grant.client.name}"
    identity = patients.shown(caller, patient, what, _address(request)) if patient else None
    if request.method == "POST":
        return consenting.allow(found, grant, caller, account, granted, patient)
    response = render(
        request,
        "oauth/consent.html",
        {
            "client": grant.client,
            "identity": identity,
            "can_choose": identity is not None and not request.GET.get("launch") and not caller.sight.own,
            "wording": _worded(granted),
            "here": _here(request, patient=patient),
            "other": _here(request),
            "returns_to": addresses.origin(grant.redirect_uri).removeprefix("https://"),
        },
    )
    # A browser applies form-action to where the form's answer sends it.
    allowed = f"form-action 'self' {addresses.origin(grant.redirect_uri)}"
    response.headers["Content-Security-Policy"] = POLICY.replace("form-action 'self'", allowed)
    return response


@require_safe
def apps(request: HttpRequest) -> HttpResponse:
    """The apps that act for the person."""
    account, caller = _signed_in(request)
    listed = clients.consents(account)
    with record.cursor() as cursor:
        names = patients.names(cursor, caller, [consent.patient for consent in listed if consent.patient])
    rows = [(consent, names.get(consent.patient, ""), _worded(parse(consent.scope))) for consent in listed]
    return render(request, "oauth/apps.html", {"rows": rows})


@require_POST
def withdraw(request: HttpRequest, consent_id: int) -> HttpResponse:
    """End what one app may do."""
    account, caller = _signed_in(request)
    consenting.withdraw(caller, account, consent_id)
    return redirect("oauth-apps")


@require_safe
def launch(request: HttpRequest, client_id: str, patient_id: str) -> HttpResponse:
    """A chart opens an app on its patient."""
    account, caller = _signed_in(request)
    client = next((each for each in clients.launchable() if each.client_id == client_id), None)
    if client is None:
        raise NotFound("There is no such app.")
    patients.shown(caller, patient_id, f"Patient/{patient_id}, for {client.name}", _address(request))
    token = launching.launch(account, patient_id)
    query = urlencode({"iss": addresses.fhir(addresses.site(request)), "launch": token})
    return HttpResponseRedirect(f"{client.launch_uri}{'&' if '?' in client.launch_uri else '?'}{query}")


def _signed_in(request: HttpRequest) -> tuple[Account, Caller]:
    if not isinstance(request.user, Account):
        raise Unauthenticated("Sign in first.")
    return request.user, callers.for_user(request.user)


def _address(request: HttpRequest) -> str | None:
    return request.META.get("REMOTE_ADDR")


def _worded(scopes: Scopes) -> Wording:
    return wording(scopes, days=settings.LARREY.refresh_days, hours=settings.LARREY.session_hours)


def _demand(account: Account, caller: Caller, asked: Scopes, granted: Scopes) -> None:
    """Raise ``Forbidden`` for a role that opens no record, and for one that may do nothing of what the app asks."""
    if asked.resources and (not granted.resources or not caller.may("r", "Patient")):
        reason = _("The role “%(role)s” may do nothing of what this application asks.") % {"role": account.role_name}
        raise Forbidden("The role may do nothing of what the app asks.", reason=reason)


def _patient(request: HttpRequest, account: Account, asked: Scopes) -> str | None:
    """The id of the patient for whom the app is opened; empty: it needs none; ``None``: still to be chosen."""
    token = request.GET.get("launch")
    if token and "launch" in asked.special:
        found = launching.taken(account, token)
        if found is None:
            reason = _("The application was opened too long ago, or by someone else. Open it again from the patient’s record.")
            raise Forbidden("The launch is not known.", reason=reason)
        return found
    if "launch/patient" not in asked.special and "patient" not in asked.contexts:
        return ""
    if account.role == "patient":
        return account.patient or _nobody(account)
    return request.GET.get("patient") or None


def _nobody(account: Account) -> str:
    raise Forbidden(
        "The account has no patient.", reason=_("The account of %(name)s is tied to no patient.") % {"name": account.name}
    )


def _choice(request: HttpRequest, account: Account, caller: Caller, client: Client) -> HttpResponse:
    """Choose the patient, among one's own."""
    typed = request.GET.get("q", "").strip()[:200]
    with record.cursor() as cursor:
        people = patients.found(cursor, caller, account, typed, _address(request))
    hidden = [(name, value) for name, values in request.GET.lists() if name not in _OWN for value in values]
    rows = [(person, _here(request, patient=person.id)) for person in people]
    return render(request, "oauth/patient.html", {"client": client, "typed": typed, "rows": rows, "hidden": hidden})


def _here(request: HttpRequest, **own: str) -> str:
    """The address of this page as the app asked for it, with the page's own parameters as given."""
    query = request.GET.copy()
    for name in _OWN:
        query.pop(name, None)
    for name, value in own.items():
        query[name] = value
    return f"{request.path}?{query.urlencode()}"


def _refused(request: HttpRequest, found: Server, error: OAuth2Error) -> HttpResponse:
    """Back to the app with the error, if we know where it is; else a page: no address is trusted that is not registered."""
    if getattr(error, "redirect_uri", None):
        response: HttpResponse = found.handle_error_response(None, error)
        return response
    return _mistaken(request, error.get_error_description() or error.error)


def _mistaken(request: HttpRequest, detail: str) -> HttpResponse:
    return render(request, "oauth/mistaken.html", {"detail": detail}, status=400)
