"""Draws what a terminal shows as a picture: python3 draw.py OUT.png < text with colours, as `tmux capture-pane -e -p -N` prints it.

Needs Pillow, and DejaVu Sans Mono. Braille dots, blocks and box lines are drawn by hand, since few fonts join them up.
"""

import re
import sys

from PIL import Image, ImageDraw, ImageFont

FONTS = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono%s.ttf"
SIZE, LIGHT, DARK = 16, (214, 218, 226), (16, 18, 24)
SIXTEEN = "000000 cd3131 0dbc79 e5e510 2472c8 bc3fbc 11a8cd e5e5e5 666666 f14c4c 23d18b f5f543 3b8eea d670d6 29b8db ffffff".split()
# The dots of a braille cell in the order of their bits: column, row.
DOTS = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
TOKEN = re.compile(r"\x1b\[([0-9;:]*)m|\x1b[()].|([^\x1b\x0e\x0f])")


def indexed(n):
    if n < 16:
        return tuple(bytes.fromhex(SIXTEEN[n]))
    if n < 232:
        steps = [0, 95, 135, 175, 215, 255]
        n -= 16
        return (steps[n // 36], steps[n // 6 % 6], steps[n % 6])
    return (8 + 10 * (n - 232),) * 3


def apply(style, codes):
    codes = [int(c or 0) for c in re.split("[;:]", codes)]
    while codes:
        code = codes.pop(0)
        if code in (38, 48):
            color = indexed(codes[1]) if codes[0] == 5 else tuple(codes[1:4])
            del codes[: 2 if codes[0] == 5 else 4]
            style["fg" if code == 38 else "bg"] = color
        elif code == 0:
            style.clear()
        elif code == 22:
            style.pop(1, None), style.pop(2, None)
        elif code in (39, 49):
            style.pop("fg" if code == 39 else "bg", None)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style["fg"] = indexed(code - 30 if code < 40 else code - 82)
        elif 40 <= code <= 47 or 100 <= code <= 107:
            style["bg"] = indexed(code - 40 if code < 50 else code - 92)
        elif code in (24, 27):
            style.pop(code - 20, None)
        else:
            style[code] = True


def cells(line, style):
    for codes, char in TOKEN.findall(line):
        if char:
            yield char, dict(style)
        else:
            apply(style, codes)


def main():
    style, rows = {}, []
    for line in sys.stdin.read().rstrip("\n").split("\n"):
        rows.append(list(cells(line, style)))
    fonts = {bold: ImageFont.truetype(FONTS % ("-Bold" if bold else ""), SIZE) for bold in (False, True)}
    w, h = round(fonts[False].getlength("M")), sum(fonts[False].getmetrics())
    picture = Image.new("RGB", (max(map(len, rows)) * w, len(rows) * h), DARK)
    draw = ImageDraw.Draw(picture)
    for y, row in enumerate(rows):
        for x, (char, look) in enumerate(row):
            cell(draw, x * w, y * h, w, h, char, look, fonts)
    picture.save(sys.argv[1])


def cell(draw, x, y, w, h, char, look, fonts):
    fg, bg = look.get("fg", LIGHT), look.get("bg", DARK)
    if look.get(7):
        fg, bg = bg, fg
    if look.get(2):
        fg = tuple((6 * f + 4 * b) // 10 for f, b in zip(fg, bg))
    draw.rectangle([x, y, x + w - 1, y + h - 1], fill=bg)
    point = ord(char)
    if 0x2800 <= point <= 0x28FF:
        for bit, (column, row) in enumerate(DOTS):
            if point >> bit & 1:
                cx, cy = x + w * (1 + 2 * column) / 4, y + h * (1 + 2 * row) / 8
                draw.ellipse([cx - 1.3, cy - 1.3, cx + 1.3, cy + 1.3], fill=fg)
    elif 0x2588 <= point <= 0x258F:
        draw.rectangle([x, y, x + round(w * (0x2590 - point) / 8) - 1, y + h - 1], fill=fg)
    elif char in "─━│┃┄┊":
        thick = 2 if char in "━┃" else 1
        across, dashed = char in "─━┄", char in "┄┊"
        for i in range(0, w if across else h):
            if not dashed or i % 4 < 2:
                cx, cy = (x + i, y + h // 2) if across else (x + w // 2, y + i)
                draw.rectangle([cx, cy, cx + (0 if across else thick - 1), cy + (thick - 1 if across else 0)], fill=fg)
    elif char != " ":
        draw.text((x, y), char, font=fonts[bool(look.get(1))], fill=fg)
    if look.get(4):
        draw.line([x, y + h - 2, x + w - 1, y + h - 2], fill=fg)


main()
