"""The browser of tests and screenshots, and Vega for it without a network."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLOTS_PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>DVC plots</title>
<script type="module">{vega}
window.draw = window.vegaEmbed;
</script>
<script>
const waiting = [];
window.vegaEmbed = (place, spec) => waiting.push([place, spec]);
addEventListener("load", () => {
  for (const [place, spec] of waiting) draw(place, spec, {renderer: "svg", actions: false});
  document.body.dataset.loaded = [...document.images].filter(image => image.naturalWidth > 0).length;
});
</script></head><body>{plot_divs}</body></html>
"""


def installed() -> str | None:
    """The path of the system's Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def flags() -> list[str]:
    """What it has to be started with: as root it refuses to start with its sandbox."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


def plots_template() -> str:
    """A template for `dvc plots --html-template` whose page needs no network: DVC's own loads Vega from one.

    Vega comes from vl-convert-python, in the oldest version it has, which is nearest to DVC's.
    """
    from vl_convert import javascript_bundle  # here: a large library, and not of every test that has a browser

    return PLOTS_PAGE.replace("{vega}", javascript_bundle(vl_version="5.8"))  # type: ignore[call-arg] # a snippet has a default
