"""How texts for people are worded."""


def count_noun(number: float, noun: str) -> str:
    """A number and what is counted, `noun` in the singular: `1 line`, `1,200 lines`, `2 queries`, `0 batches`."""
    shown = f"{number:,.0f}" if number == int(number) else f"{number:g}"
    if number == 1:
        return f"{shown} {noun}"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{shown} {noun[:-1]}ies"
    return f"{shown} {noun}{'es' if noun.endswith(('ch', 'x', 's')) else 's'}"


def in_quotes(text: str) -> str:
    """A text of a file in one line, its backslashes as they are written there."""
    return f"'{' '.join(text.split())}'"
