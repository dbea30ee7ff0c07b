"""Texts as the world sends them: any character that a ticket may hold, and the odd ones often."""

from hypothesis import strategies as st

ODD = (
    "\u202e",  # turns the line around
    "\u200b",  # takes no room
    "\ufeff",  # byte order mark
    "\u2028",  # a line end that JSON lets through
    "\u0085",
    "\u00ad",
    "\u0130",  # grows when its case is folded
    "\ufb01",
    "\U0001f600",
    "\x1b[2J",
    "\r\n",
    "=====DATA ",
    "$fence",
    "$",
    '"',
    "\\",
    "}",
    "{",
)

texts = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
    | st.sampled_from(ODD),
    max_size=12,
).map("".join)
"""No NUL and no half of a surrogate pair: intake lets neither in."""

anything = st.text(max_size=60) | texts
"""Those too, as a model may send them."""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | anything,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(anything, inner, max_size=4),
    max_leaves=12,
)
