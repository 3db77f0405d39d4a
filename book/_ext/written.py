"""For extensions of this book: what is to be done once every page stands on the disk."""

from collections.abc import Callable
from pathlib import Path

from sphinx.application import Sphinx


def when_written(app: Sphinx, hook: Callable[[Sphinx], None], priority: int = 500) -> None:
    """Have a hook called once all pages are written: as HTML, and none has failed."""

    def finished(app: Sphinx, exception: Exception | None) -> None:
        if exception is None and app.builder.format == "html":
            hook(app)

    app.connect("build-finished", finished, priority)


def rewrite(out: Path, change: Callable[[str], str]) -> None:
    """Change every page below a folder."""
    for page in out.rglob("*.html"):
        before = page.read_text(encoding="utf-8")
        after = change(before)
        if after != before:
            page.write_text(after, encoding="utf-8")
