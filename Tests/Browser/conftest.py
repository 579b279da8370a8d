"""What every story needs: a demo service, a browser, and a page that may not complain."""

import os
import pathlib
import time

import pytest
from playwright.sync_api import sync_playwright

from dashboard import Dashboard
from service import START_SECONDS, Service

FILES = pathlib.Path(os.environ["BROWSER_FILES"])
DEMO_IMAGES = 48


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """A service with the gallery `demo`: 12 rendered people before 4 cameras."""
    service = Service(tmp_path_factory.mktemp("demo"), "--demo").start()
    deadline = time.monotonic() + START_SECONDS
    while service.images("demo") < DEMO_IMAGES:
        assert time.monotonic() < deadline, "the demo gallery did not get its images"
        time.sleep(0.2)
    yield service
    service.stop()


@pytest.fixture(scope="session")
def browser():
    # Chromium does not sandbox processes of root.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=options)
        yield browser
        browser.close()


@pytest.fixture
def open_dashboard(browser, request):
    """Opens the dashboard of a service in a context of its own; at the end nothing may have been complained about."""
    opened = []

    def open_dashboard(service, path="", width=1440, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        dashboard = Dashboard(context.new_page(), FILES / "screenshots", request.node.name)
        opened.append((context, dashboard))
        dashboard.page.goto(f"{service.address}/{path}")
        return dashboard

    yield open_dashboard
    complaints = [complaint for _, dashboard in opened for complaint in dashboard.complaints]
    for context, dashboard in opened:
        dashboard.shoot("end")
        context.close()
    assert complaints == []


@pytest.fixture
def dashboard(open_dashboard, service):
    return open_dashboard(service)
