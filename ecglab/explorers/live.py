"""The widget of a live notebook. It needs anywidget, so only `base` imports it, and only then."""

import anywidget
import traitlets


class Widget(anywidget.AnyWidget):
    """An explorer in a live notebook, which `base.Explorer.widget` makes."""

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    content = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
