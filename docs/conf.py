"""Sphinx's configuration. The tests build these pages with warnings as errors."""

from vtkseries import __version__

project = "vtkseries"
author = "the vtkseries developers"
version = release = __version__
extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
html_theme = "alabaster"
html_theme_options = {"description": "A time series becomes a ParaView animation in one line"}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's sections say it in words
autodoc_member_order = "bysource"
numpydoc_show_class_members = False  # autosummary lists them
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]
