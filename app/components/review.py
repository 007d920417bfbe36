"""The review page's parts: where it stands, the sections to edit, the export."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from app.formatting import moment
from app.markup import Html, el, show
from app.wiring import Desk
from opspilot.domain.commands import Command, permits
from opspilot.domain.postmortem import PostMortem
from opspilot.engine.review import SECTIONS, read, to_markdown

_HEIGHT = {"Summary": 130, "Timeline (UTC)": 320, "Supporting evidence": 240}


def standing(review: PostMortem, desk: Desk) -> None:
    """Whether this is a draft or saved, by whom and when."""
    if not review.version:
        said = el(
            "p",
            "Draft from the record as it stands now. It follows the record until it is saved.",
            cls="op-quiet-text",
        )
    else:
        when = moment(review.edited_at, desk.now.wall, desk.now.zone)
        said = el(
            "p",
            f"Version {review.version}, saved by {review.edited_by.name}, ",
            when,
            cls="op-quiet-text",
        )
    show(said)


def edited(review: PostMortem, desk: Desk) -> Mapping[str, str] | None:
    """Read it, or edit it; the new sections when the person saves."""
    refusal = (
        ""
        if permits(desk.actor, Command.SAVE_POSTMORTEM)
        else (f"{desk.actor.name} may read this, and not save it.")
    )
    reading, editing = st.tabs(["Read", "Edit"], key="review-tab", bind="query-params")
    with reading:
        show(_document(review))
    with editing:
        return _form(review, refusal)


def _form(review: PostMortem, refusal: str) -> Mapping[str, str] | None:
    with st.form(f"review-{review.incident_id}-{review.version}", border=False):
        texts = {
            heading: st.text_area(
                heading,
                review.sections.get(heading, ""),
                height=_HEIGHT.get(heading, 160),
                help="Markdown",
                disabled=bool(refusal),
            )
            for heading in SECTIONS
        }
        sent = st.form_submit_button("Save", type="primary", disabled=bool(refusal))
    if refusal:
        st.caption(refusal)
    return {heading: text or "" for heading, text in texts.items()} if sent else None


def exported(review: PostMortem) -> None:
    """The whole document as a Markdown file."""
    st.download_button(
        "Export as Markdown",
        data=to_markdown(review.title, review.sections),
        file_name=f"{review.incident_id}-post-mortem.md",
        mime="text/markdown",
        key="export-review",
    )


def capsule_offered(incident_id: str, desk: Desk) -> None:
    """The whole record as one file, made when it is asked for."""
    st.download_button(
        "Export as a capsule",
        data=partial(desk.bench.capsules.export, incident_id, actor=desk.actor),
        file_name=f"{incident_id}.capsule.gz",
        mime="application/gzip",
        key="export-capsule",
        help="Telemetry, evidence, verdict, plans, approvals, notes, chat and audit trail. It "
        "holds names, ARNs and log lines; secrets are taken out.",
    )


def _document(review: PostMortem) -> Html:
    # Not st.markdown: drafted text quotes telemetry, and bare addresses in it would become links.
    parts = [el("h1", review.title)]
    for heading in SECTIONS:
        parts += [el("h2", heading), *_blocks(review.sections.get(heading, ""))]
    return el("article", *parts, cls="op-document")


def _blocks(markdown: str) -> list[Html]:
    """Paragraphs and lists, all else as it was typed."""
    blocks: list[Html] = []
    items: list[Html] = []
    for line in [*markdown.splitlines(), ""]:
        if line.startswith("- "):
            items.append(el("li", read(line[2:].replace("[ ] ", "\u2610 ", 1))))
            continue
        if items:
            blocks.append(el("ul", *items))
            items = []
        if line.startswith("_") and line.endswith("_"):
            blocks.append(el("p", el("em", read(line[1:-1]))))
        elif line.strip():
            blocks.append(el("p", read(line)))
    return blocks
