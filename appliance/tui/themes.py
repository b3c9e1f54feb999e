"""The appliance's own colours: few, so that a colour means something."""

from textual.theme import Theme

DARK = Theme(
    name="appliance-dark",
    primary="#6ba6d6",
    secondary="#8fb8a8",
    accent="#6ba6d6",
    success="#78b88a",
    warning="#d9b35c",
    error="#e07a72",
    foreground="#d4dae1",
    background="#0f1318",
    surface="#141a21",
    panel="#1b232c",
    dark=True,
    variables={
        "footer-key-foreground": "#6ba6d6",
        "footer-background": "#141a21",
        "footer-description-background": "#141a21",
        "footer-item-background": "#141a21",
    },
)

CONTRAST = Theme(
    name="appliance-high-contrast",
    primary="#ffff00",
    secondary="#00ffff",
    accent="#ffff00",
    success="#00ff66",
    warning="#ffcc00",
    error="#ff6666",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#262626",
    dark=True,
    variables={
        "footer-key-foreground": "#ffff00",
        "footer-background": "#000000",
        "footer-description-background": "#000000",
        "footer-item-background": "#000000",
    },
)

LIGHT = Theme(
    name="appliance-light",
    primary="#2b6ca3",
    secondary="#2f7a66",
    accent="#2b6ca3",
    success="#2f7d46",
    warning="#8f6400",
    error="#b3352c",
    foreground="#1d242b",
    background="#f7f8fa",
    surface="#eef1f4",
    panel="#e2e7ec",
    dark=False,
)
