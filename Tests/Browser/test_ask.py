"""Asking: images of one person, crops of a frame, results as the next question."""

from playwright.sync_api import expect


def test_an_image_finds_the_person_at_the_other_cameras(dashboard, service):
    dashboard.ask(service.query_image(1))
    people = dashboard.page.locator(".tile .person")
    assert people.all_inner_texts()[:4] == ["0001"] * 4
    cameras = dashboard.page.locator(".tile .camera").all_inner_texts()[:4]
    assert len(set(cameras)) == 4
    dashboard.shoot("found")


def test_several_images_are_one_query_that_a_reload_shows_again(dashboard, service):
    dashboard.ask(service.query_image(1), service.query_image(2))
    expect(dashboard.page.locator(".query-image")).to_have_count(2)
    people = set(dashboard.page.locator(".tile .person").all_inner_texts()[:8])
    assert people == {"0001", "0002"}
    order = dashboard.order()
    dashboard.page.reload()
    dashboard.wait_for_ranking()
    assert dashboard.order() == order
    expect(dashboard.page.locator(".query-image")).to_have_count(2)


def test_the_last_of_twenty_quick_searches_wins(dashboard, service):
    dashboard.ask(service.query_image(5))
    expected = dashboard.order()
    for index in range(20):
        dashboard.page.set_input_files("#image", service.query_image(index % 4 + 1 if index < 19 else 5))
    dashboard.wait_for_ranking()
    assert dashboard.order() == expected
    # An answer to an earlier search would come soon.
    dashboard.page.wait_for_timeout(1_500)
    assert dashboard.order() == expected


def test_a_whole_frame_is_cropped_by_keyboard_and_by_hand(dashboard, service):
    frame = dashboard.page.evaluate_handle("""async () => {
        const canvas = document.createElement("canvas");
        canvas.width = 1280;
        canvas.height = 720;
        const context = canvas.getContext("2d");
        context.fillStyle = "gray";
        context.fillRect(0, 0, 1280, 720);
        const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
        const files = new DataTransfer();
        files.items.add(new File([blob], "frame.png", { type: "image/png" }));
        return files;
    }""")
    expect(dashboard.page.locator("#gallery")).to_have_value("demo")
    dashboard.page.dispatch_event("body", "drop", {"dataTransfer": frame})
    dashboard.wait_for_ranking()
    expect(dashboard.page.locator(".frame-hint")).to_be_visible()
    before = dashboard.page.url

    dashboard.page.get_by_role("button", name="Crop").click()
    status = dashboard.page.locator(".crop-dialog [role=status]")
    expect(status).to_contain_text("No box yet")
    dashboard.press("n")
    expect(status).to_contain_text("Box 1 of 1: 288 × 576 pixels")
    dashboard.press("Shift+ArrowLeft")
    expect(status).not_to_contain_text("288 × 576")
    box = dashboard.page.locator(".crop-dialog canvas").bounding_box()
    dashboard.page.mouse.move(box["x"] + 20, box["y"] + 20)
    dashboard.page.mouse.down()
    dashboard.page.mouse.move(box["x"] + 120, box["y"] + 220, steps=4)
    dashboard.page.mouse.up()
    expect(status).to_contain_text("Box 2 of 2")
    dashboard.shoot("crop")
    dashboard.page.get_by_role("button", name="Search with 2 boxes").click()
    expect(dashboard.page.locator(".query-image")).to_have_count(2)
    expect(dashboard.page).not_to_have_url(before)
    dashboard.wait_for_ranking()
    expect(dashboard.page.locator(".frame-hint")).to_be_hidden()

    # The boxes are remembered for the next person of the frame.
    dashboard.page.get_by_role("button", name="Crop").click()
    expect(status).to_contain_text("of 2")


def test_marked_results_are_the_next_question(dashboard, service):
    dashboard.ask(service.query_image(1))
    before = dashboard.page.url
    dashboard.press("r", "x", "ArrowRight", "x")
    dashboard.page.get_by_role("button", name="Search with 2 marked").click()
    expect(dashboard.page).not_to_have_url(before)
    dashboard.wait_for_ranking()
    expect(dashboard.page.locator(".query-image")).to_have_count(2)
    assert dashboard.page.locator(".tile .person").all_inner_texts()[:4] == ["0001"] * 4


def test_the_start_page_offers_people_and_recent_queries(open_dashboard, service):
    first = open_dashboard(service)
    first.page.get_by_role("button", name="Search with person 0002").click()
    first.wait_for_ranking()
    assert first.page.locator(".tile .person").first.inner_text() == "0002"
    second = open_dashboard(service)
    second.page.get_by_role("link", name="Open the query").first.click()
    second.wait_for_ranking()
    assert second.order() == first.order()


def test_an_empty_file_is_refused_with_its_name(dashboard, tmp_path):
    empty = tmp_path / "nothing.jpg"
    empty.touch()
    dashboard.page.set_input_files("#image", str(empty))
    expect(dashboard.page.get_by_role("alert").filter(has_text="“nothing.jpg” is empty.")).to_be_visible()
