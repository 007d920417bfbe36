"""Colours by meaning, light and dark; the table is in docs and in .streamlit/config.toml."""

from dataclasses import dataclass
from typing import Literal

Theme = Literal["light", "dark"]


@dataclass(frozen=True)
class Palette:
    """One colour for each meaning, as `#RRGGBB`."""

    ground: str
    raised: str
    text: str
    secondary: str
    rule: str
    action: str
    breach: str
    waiting: str
    healthy: str
    change: str
    observed: str
    compared: str

    def faint(self, colour: str, share: float = 0.15) -> str:
        """A colour of this palette, mostly transparent."""
        red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
        return f"rgba({red},{green},{blue},{share})"


LIGHT = Palette(
    ground="#FFFFFF",
    raised="#F4F6F9",
    text="#1B2430",
    secondary="#5B6675",
    rule="#DFE0E2",
    action="#0B57D0",
    breach="#B3261E",
    waiting="#8A5300",
    healthy="#0B6B4F",
    change="#7A3E9D",
    observed="#0072B2",
    compared="#5B6675",
)
DARK = Palette(
    ground="#0F1624",
    raised="#172033",
    text="#E6EBF2",
    secondary="#9AA7B8",
    rule="#313845",
    action="#7FB2FF",
    breach="#FF8A80",
    waiting="#F5B84B",
    healthy="#4FD1A5",
    change="#D0A2F0",
    observed="#56B4E9",
    compared="#9AA7B8",
)


def palette_of(theme: Theme) -> Palette:
    """The palette of a theme."""
    return DARK if theme == "dark" else LIGHT
