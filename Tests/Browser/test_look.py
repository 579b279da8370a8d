"""Looking: the grid, its measures and sizes, people, the timeline, and the keys for all of it."""

import re

from playwright.sync_api import expect


def test_at_least_28_whole_results_fit_on_the_screen(dashboard, service):
    dashboard.ask(service.query_image(1))
    assert dashboard.whole_tiles() >= 28


def test_one_measure_is_shown_at_a_time_and_a_key_changes_it(dashboard, service):
    dashboard.ask(service.query_image(1))
    measure = dashboard.page.locator(".tile .measure").first
    similarity = measure.inner_text()
    expect(dashboard.page.get_by_label("Measure")).to_have_value("similarity")
    dashboard.press("m")
    expect(dashboard.page.get_by_label("Measure")).to_have_value("distance")
    # For unit vectors, the squared distance is 2 - 2 · similarity.
    assert abs(float(measure.inner_text()) - (2 - 2 * float(similarity))) < 0.003


def test_keys_size_group_mark_and_open_the_results(dashboard, service):
    dashboard.ask(service.query_image(1))
    columns = "new Set([...document.querySelectorAll('.results > li')].map(li => li.getBoundingClientRect().left)).size"
    medium = dashboard.page.evaluate(columns)
    dashboard.press("+")
    large = dashboard.page.evaluate(columns)
    assert large < medium
    dashboard.press("r")
    assert dashboard.focused_rank == "1"
    dashboard.press("ArrowDown")
    assert dashboard.focused_rank == str(1 + large)
    dashboard.press("End")
    assert dashboard.focused_rank == "48"
    dashboard.press("Home", "ArrowRight", "x")
    expect(dashboard.page.locator(".marked")).to_have_count(1)
    dashboard.press("Enter")
    expect(dashboard.page.locator("#result-title")).to_have_text("Rank 2 of 48")
    dashboard.press("ArrowRight", "Escape")
    assert dashboard.focused_rank == "3"
    dashboard.press("g")
    expect(dashboard.page.locator(".group-heading").first).to_contain_text("0001")
    dashboard.shoot("people")
    dashboard.press("?")
    expect(dashboard.page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_the_timeline_shows_the_path_and_narrows_the_time(dashboard, service):
    dashboard.ask(service.query_image(1))
    dashboard.press("t", "r", "x", "ArrowRight", "x", "ArrowRight", "x")
    hits = dashboard.page.locator(".hit")
    expect(hits).to_have_count(48)
    expect(dashboard.page.locator(".lane-names li")).to_have_text(["c1", "c2", "c3", "c4"])
    points = dashboard.page.locator(".path polyline").get_attribute("points").split()
    lefts = [float(point.split(",")[0]) for point in points]
    assert len(lefts) == 3 and lefts == sorted(lefts)
    dashboard.shoot("path")

    before = dashboard.page.url
    plot = dashboard.page.locator(".plot").bounding_box()
    dashboard.page.mouse.move(plot["x"] + 2, plot["y"] + 12)
    dashboard.page.mouse.down()
    dashboard.page.mouse.move(plot["x"] + plot["width"] / 2, plot["y"] + 12, steps=4)
    dashboard.page.mouse.up()
    expect(dashboard.page).not_to_have_url(before)
    dashboard.wait_for_ranking()
    expect(hits).not_to_have_count(48)
    assert dashboard.page.locator("#option-captured_to").input_value() != ""
    dashboard.page.get_by_role("button", name="Remove time filter").click()
    expect(hits).to_have_count(48)


def test_the_timeline_is_zoomed_by_wheel_and_keys(dashboard, service):
    dashboard.ask(service.query_image(1))
    dashboard.press("t")
    whole = dashboard.page.get_by_role("button", name="Whole", exact=True)
    expect(whole).to_be_disabled()
    dashboard.page.locator(".plot").hover(position={"x": 200, "y": 12})
    dashboard.page.mouse.wheel(0, -200)
    expect(whole).to_be_enabled()
    dashboard.page.locator(".hit[tabindex='0']").focus()
    dashboard.press("0")
    expect(whole).to_be_disabled()
    dashboard.press("+")
    expect(whole).to_be_enabled()
    dashboard.press("ArrowRight")
    focused = dashboard.page.locator(".hit:focus")
    expect(focused).to_have_attribute("aria-label", re.compile(r"Rank \d+, camera c\d"))
    dashboard.press("Enter")
    expect(dashboard.page.locator("#result-title")).to_be_visible()


def test_on_a_phone_results_begin_on_the_first_screen_and_nothing_is_too_wide(open_dashboard, service):
    dashboard = open_dashboard(service, width=390, height=844)
    dashboard.ask(service.query_image(1))
    assert dashboard.tiles.first.bounding_box()["y"] < 844 / 2 + 100
    assert dashboard.page.evaluate("document.documentElement.scrollWidth") == 390
