"""The dashboard as an operator sees it."""

import re

from playwright.sync_api import expect


class Dashboard:
    """A page of the dashboard, with what it complained about: errors, and violations of its security policy."""

    def __init__(self, page, screenshots, story):
        self.page = page
        self.screenshots = screenshots
        self.story = re.sub(r"\W+", "-", story).strip("-")
        self.complaints = []
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def shoot(self, name):
        self.screenshots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.screenshots / f"{self.story}-{name}.png")

    def ask(self, *images):
        """Searches with images of one person, and waits for the ranking of exactly these."""
        expect(self.page.locator("#gallery")).to_have_value("demo")
        before = self.page.url
        self.page.set_input_files("#image", list(images))
        expect(self.page).not_to_have_url(before)
        self.wait_for_ranking()

    def wait_for_ranking(self):
        expect(self.page).to_have_url(re.compile(r"#/search/q_"))
        expect(self.page.locator(".results-pane")).to_have_attribute("aria-busy", "false")
        expect(self.tiles.first).to_be_visible()

    @property
    def tiles(self):
        return self.page.locator(".results > [data-image]")

    @property
    def focused_rank(self):
        return self.page.evaluate("document.activeElement.closest('.results li')?.ariaPosInSet ?? null")

    def order(self):
        """The ids of the images on screen, in the order of their rank."""
        return self.tiles.evaluate_all("tiles => tiles.map(tile => tile.dataset.image)")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def whole_tiles(self):
        """How many tiles are wholly on the screen."""
        return self.tiles.evaluate_all("""tiles => tiles.filter(tile => {
            const { top, bottom } = tile.getBoundingClientRect();
            return top >= 0 && bottom <= innerHeight;
        }).length""")
