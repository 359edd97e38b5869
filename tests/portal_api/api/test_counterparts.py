"""Everything the pages do programs can do too: each form has its operation, and those added later must name theirs."""

from __future__ import annotations

from fastapi.routing import APIRoute

from portal_api.document import PREFIX
from portal_api.routes import routers

# Of each form of a page the operation that does the same.
SAME = {
    "/account/sessions/{session_id}/end": "DELETE /sessions/{session_id}",
    "/account/contact": "PUT /patient/contact",
    "/account/email": "POST /patient/email",
    "/account/prove/code": "POST /session/proof/code",
    "/account/prove": "POST /session/proof",
    "/bills/{visit_token}/pay": "POST /bills/{visit_token}/pay",
    "/book/holds": "POST /holds",
    "/book/holds/{appointment_id}/confirm": "POST /holds/{appointment_id}/confirm",
    "/book/holds/{appointment_id}/release": "DELETE /holds/{appointment_id}",
    "/book/waiting": "POST /waiting",
    "/book/waiting/{waiting_id}/leave": "DELETE /waiting/{waiting_id}",
    "/call/{appointment_id}/join": "POST /calls/{appointment_id}/joins",
    "/call/{appointment_id}/recording": "PUT /calls/{appointment_id}/recording",
    "/card/setup": "POST /card/setup",
    "/card/saved": "PUT /card",
    "/card/remove": "DELETE /card",
    "/consents/texts/{consent_text_id}": "POST /consents/texts/{consent_text_id}",
    "/insurance": "PUT /insurance/{payer_id}",
    "/join": "POST /patients",
    "/messages": "POST /threads",
    "/messages/{thread_id}": "POST /threads/{thread_id}/messages",
    "/sign-in": "POST /sign-in",
    "/sign-in/code": "POST /sign-in/code",
    "/sign-in/link": "POST /sign-in/code",  # the mail has both
    "/sign-out": "DELETE /session",
    "/staff/authenticator": "POST /staff/authenticator/confirm",
    "/staff/closing/{visit_token}": "POST /agenda/{visit_token}/close",
    "/staff/closing/{visit_token}/correct": "POST /agenda/{visit_token}/correct",
    "/staff/closing/{visit_token}/hold": "POST /agenda/{visit_token}/hold",
    "/staff/closing/{visit_token}/hold/end": "POST /agenda/{visit_token}/hold/end",
    "/staff/consents": "POST /practice/consent-texts",
    "/staff/forgot": "POST /staff/forgotten",
    "/staff/hours/{calendar_id}/days": "POST /calendars/{calendar_id}/days",
    "/staff/hours/{calendar_id}/off": "POST /calendars/{calendar_id}/time-off",
    "/staff/hours/{calendar_id}/remove/{which}": "DELETE /calendars/{calendar_id}/days/{which}",
    "/staff/hours/{calendar_id}/sessions": "POST /calendars/{calendar_id}/sessions",
    "/staff/hours/{calendar_id}/sessions/{session_id}/remove": "DELETE /calendars/{calendar_id}/sessions/{session_id}",
    "/staff/hours/{calendar_id}/week": "PUT /calendars/{calendar_id}/week",
    "/staff/offer/payers/{payer_id}": "PUT /offer/payers/{payer_id}",
    "/staff/offer/providers": "POST /offer/providers",
    "/staff/offer/providers/{provider_id}": "PUT /offer/providers/{provider_id}",
    "/staff/offer/visit-types/{which}": "PUT /offer/visit-types/{visit_type_id}",
    "/staff/password": "POST /staff/password",
    "/staff/patients": "POST /staff/patients/search",
    "/staff/patients/{patient_id}/established": "PUT /staff/patients/{patient_id}/established",
    "/staff/people": "POST /staff",
    "/staff/people/{staff_id}/authenticator/reset": "DELETE /staff/{staff_id}/authenticator",
    "/staff/people/{staff_id}/disable": "POST /staff/{staff_id}/disable",
    "/staff/people/{staff_id}/enable": "POST /staff/{staff_id}/enable",
    "/staff/people/{staff_id}/roles": "PUT /staff/{staff_id}/roles",
    "/staff/people/{staff_id}/sessions/end": "DELETE /staff/{staff_id}/sessions",
    "/staff/retention/{week}/hold": "PUT /practice/retention/{week}/hold",
    "/staff/retention/{week}/release": "DELETE /practice/retention/{week}/hold",
    "/staff/settings/about": "PUT /practice/settings/about",
    "/staff/settings/colours": "PUT /practice/settings/colors",
    "/staff/settings/logo": "PUT /practice/settings/logo",
    "/staff/settings/policies": "PUT /practice/settings/policies",
    "/staff/settings/reminders": "PUT /practice/settings/reminders",
    "/staff/sign-in": "POST /staff/sign-in",
    "/staff/sign-in/code": "POST /staff/sign-in",  # password and code in one
    "/staff/systems": "POST /practice/systems",
    "/staff/systems/{system_id}/disable": "DELETE /practice/systems/{outside_system_id}",
    "/staff/systems/{system_id}/file": "POST /practice/systems/{outside_system_id}/files",
    "/staff/visits/{appointment_id}/cancel": "POST /staff/visits/{appointment_id}/cancel",
    "/staff/visits/{appointment_id}/move": "POST /staff/visits/{appointment_id}/move",
    "/staff/worklist/take": "POST /worklist",
    "/staff/worklist/{item_id}/assign": "POST /worklist/{item_id}/assign",
    "/staff/worklist/{item_id}/note": "POST /worklist/{item_id}/notes",
    "/staff/worklist/{item_id}/resolve": "POST /worklist/{item_id}/resolve",
    "/visits/{appointment_id}/cancel": "POST /visits/{appointment_id}/cancel",
    "/visits/{appointment_id}/move": "POST /visits/{appointment_id}/move",
    "/visits/{appointment_id}/where": "PUT /visits/{appointment_id}/where",
}


def test_every_form_has_its_operation() -> None:
    found = [route for router in routers() for route in router.routes if isinstance(route, APIRoute)]
    forms = {each.path for each in found if not each.path.startswith(PREFIX) and "POST" in each.methods}
    operations = {f"{method} {each.path.removeprefix(PREFIX)}" for each in found for method in each.methods}
    assert forms == set(SAME)
    assert set(SAME.values()) <= operations
