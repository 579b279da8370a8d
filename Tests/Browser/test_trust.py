"""What an operator relies on: a service that goes and comes back, signing in, and accessible pages."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from service import Service

PATIENT_MILLISECONDS = 20_000


def test_a_service_that_is_gone_is_said_and_one_that_is_back_goes_on(dashboard, service):
    dashboard.ask(service.query_image(3))
    order = dashboard.order()
    state = dashboard.page.locator("#service-state")
    expect(state).to_have_text("Ready")
    service.stop()
    try:
        expect(state).to_have_text("Unreachable", timeout=PATIENT_MILLISECONDS)
        assert dashboard.order() == order
        dashboard.shoot("gone")
    finally:
        service.start()
    expect(state).to_have_text("Ready", timeout=PATIENT_MILLISECONDS)
    dashboard.ask(service.query_image(4))
    assert dashboard.page.locator(".tile .person").first.inner_text() == "0004"
    # The browser itself complains about connections that are refused.
    dashboard.complaints = [complaint for complaint in dashboard.complaints if "net::ERR_" not in complaint]


def test_signing_in_leads_to_the_page_that_was_asked_for(open_dashboard, tmp_path):
    service = Service(tmp_path / "locked", "--require-tokens").start()
    try:
        dashboard = open_dashboard(service, "#/model")
        page = dashboard.page
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        dashboard.shoot("sign-in")
        page.locator("input[type=password]").fill(service.token)
        dashboard.press("Enter")
        expect(page.get_by_role("link", name="Model")).to_have_attribute("aria-current", "page")
        expect(page.locator("#account")).to_contain_text("Signed in")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        # The browser itself complains about answers 401, which are how the service asks to sign in.
        dashboard.complaints = [complaint for complaint in dashboard.complaints if "401" not in complaint]
    finally:
        service.stop()


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_no_page_has_a_violation_of_accessibility_rules(open_dashboard, service, theme):
    # The checker is put into the page, which the page's security policy forbids to everybody else.
    dashboard = open_dashboard(service, bypass_csp=True)
    page, axe = dashboard.page, Axe()

    def check(name):
        # A transition's color in between is nobody's.
        page.wait_for_timeout(300)
        found = axe.run(page).response
        assert len(found["passes"]) > 10
        assert [(violation["id"], violation["nodes"][0]["html"]) for violation in found["violations"]] == []
        dashboard.shoot(name)

    page.select_option("#theme", theme)
    expect(page.locator(".starter").first).to_be_visible()
    check("start")
    dashboard.ask(service.query_image(1), service.query_image(2))
    dashboard.press("t", "g", "r", "x")
    check("results")
    dashboard.press("Enter")
    check("result")
    dashboard.press("Escape", "?")
    check("help")
    dashboard.press("Escape")
    page.get_by_role("button", name="Crop").click()
    check("crop")
    dashboard.press("Escape")
    for name in ("Queries", "Galleries", "Model"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        check(name)
