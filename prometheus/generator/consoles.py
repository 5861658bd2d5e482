"""From declarations to console templates: each runbook as a page that Prometheus itself serves under /consoles/.

So a link in a message opens as long as the server that sent it runs, and every query is one click from its answer.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

from prometheus.generator.model import Alert, DeclarationError, Declarations, Group, Query
from prometheus.generator.pages import facts

# Labels that say what an alert is about.
ABOUT: Final = ("pillar", "source", "endpoint", "instance")

_CODE: Final = re.compile(r"`([^`]+)`")
_HEAD: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 50em; margin: 1em auto; padding: 0 1em; color: #222; }}
pre {{ background: #f4f4f4; padding: 0.6em; overflow-x: auto; }}
</style>
</head>
<body>
<h1>{title}</h1>"""


def page(declared: Declarations, group: Group, alert: Alert) -> str:
    return "\n".join(_page(declared, group, alert)) + "\n"


def _page(declared: Declarations, group: Group, alert: Alert) -> Iterator[str]:
    dashboard = declared.links.dashboards.format(uid=group.dashboard_of(alert))
    yield _HEAD.format(title=alert.title)
    yield f'<p>{text(declared.words(alert.summary))} <a href="{dashboard}">Dashboard</a></p>'
    yield from _firing(alert)
    yield f"<h2>Meaning</h2>\n<p>{text(declared.words(alert.meaning))}</p>"
    yield from _query(Query(text="The rule's expression:", expr=alert.expr), declared)
    yield "<ul>"
    yield from (f"<li>{text(fact)}</li>" for fact in facts(declared, group, alert))
    yield f"</ul>\n<h2>Impact</h2>\n<p>{text(declared.words(alert.impact))}</p>\n<h2>Diagnosis</h2>"
    for query in alert.diagnosis:
        yield from _query(query, declared)
    yield f"<h2>Mitigation</h2>\n<p>{text(declared.words(alert.mitigation))}</p>\n</body>\n</html>"


def _firing(alert: Alert) -> Iterator[str]:
    """What fires while the page is read; the labels of the rule itself say nothing new."""
    firing = f'ALERTS{{alertname="{alert.title}",alertstate="firing"}}'
    about = "".join(f"{{{{ with .Labels.{name} }}}}, {{{{ . }}}}{{{{ end }}}}" for name in ABOUT)
    yield f"<p>{{{{ range query `{firing}` }}}}Firing now{about}. {{{{ else }}}}Not firing now.{{{{ end }}}}</p>"


def _query(query: Query, declared: Declarations) -> Iterator[str]:
    expr = declared.number(query.expr).strip()
    if "`" in expr:
        raise DeclarationError(f"query {expr!r}: expected no backquote, which ends the query in a console template")
    link = f"{{{{ pathPrefix }}}}{{{{ tableLink `{expr}` }}}}"
    yield f'<p>{text(query.text)} <a href="{link}">Ask Prometheus</a></p>\n<pre>{text(expr)}</pre>'


def text(words: str) -> str:
    """As HTML in a template: inline code marked, nothing of it taken for an action."""
    escaped = html.escape(words.strip(), quote=False)
    return _CODE.sub(r"<code>\1</code>", escaped).replace("{{", '{{ "{{" }}')
