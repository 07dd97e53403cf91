"""Fetch the browser-side libraries from npm into ``larrey/ui/static/vendor`` and ``tests/vendor``.

Run by hand when a version below changes (needs ``npm`` and the network); the result is committed. Nothing is
bundled or transformed, but the icons: the few that the pages use become one SVG sprite.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "larrey/ui/static/vendor"
TESTING = ROOT / "tests/vendor"

FONTS = [
    "LICENSE_FOXIT",
    "LICENSE_LIBERATION",
    "FoxitDingbats.pfb",
    "FoxitSymbol.pfb",
    *[f"Foxit{family}{style}.pfb" for family in ("Fixed", "Serif") for style in ("", "Bold", "BoldItalic", "Italic")],
    *[f"LiberationSans-{style}.ttf" for style in ("Bold", "BoldItalic", "Italic", "Regular")],
]

# (package, version, target folder, files kept: name in the package → name kept)
PACKAGES = [
    ("@tabler/core", "1.6.1", SHIPPED / "tabler-1.6.1", {"dist/css/tabler.min.css": "tabler.min.css"}),
    ("htmx.org", "2.0.11", SHIPPED / "htmx-2.0.11", {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "LICENSE"}),
    ("@tabler/icons", "3.51.0", SHIPPED / "tabler-icons-3.51.0", {"LICENSE": "LICENSE"}),
    (
        "uplot",
        "1.6.32",
        SHIPPED / "uplot-1.6.32",
        {"dist/uPlot.iife.min.js": "uplot.min.js", "dist/uPlot.min.css": "uplot.min.css", "LICENSE": "LICENSE"},
    ),
    # The builds for older browsers. No WebAssembly, which the pages' policy forbids; the fonts are those that a PDF may
    # leave out. Character maps of Asian scripts (1.7 MB) are left out.
    (
        "pdfjs-dist",
        "6.5.438",
        SHIPPED / "pdfjs-6.5.438",
        {
            "legacy/build/pdf.min.mjs": "pdf.min.mjs",
            "legacy/build/pdf.worker.min.mjs": "pdf.worker.min.mjs",
            "LICENSE": "LICENSE",
            **{
                f"wasm/{name}": f"decoders/{name}"
                for name in [
                    "jbig2_nowasm_fallback.js",
                    "openjpeg_nowasm_fallback.js",
                    "LICENSE_JBIG2",
                    "LICENSE_OPENJPEG",
                    "LICENSE_PDFJS_JBIG2",
                    "LICENSE_PDFJS_OPENJPEG",
                ]
            },
            **{f"standard_fonts/{name}": f"fonts/{name}" for name in FONTS},
        },
    ),
    (
        "axe-core",
        "4.14.1",
        TESTING / "axe-core-4.14.1",
        {"axe.min.js": "axe.min.js", "LICENSE": "LICENSE", "LICENSE-3RD-PARTY.txt": "LICENSE-3RD-PARTY.txt"},
    ),
]
ICONS = [
    "activity",
    "alert-triangle",
    "ambulance",
    "arrow-left",
    "building-hospital",
    "calendar",
    "certificate",
    "chevron-right",
    "clipboard-list",
    "clipboard-text",
    "cut",
    "file-text",
    "heartbeat",
    "history",
    "info-circle",
    "key",
    "language",
    "logout",
    "photo",
    "pill",
    "receipt-euro",
    "search",
    "shield-lock",
    "stethoscope",
    "target",
    "test-pipe",
    "user",
    "user-search",
    "vaccine",
    "virus",
    "code",
    "users",
    "bed",
    "flag",
    "keyboard",
    "map-pin",
    "shield-check",
    "clock",
    "arrow-right",
    "download",
    "zoom-in",
    "zoom-out",
    "chart-line",
    "table",
    "external-link",
    "lock",
    "device-desktop",
    "fingerprint",
    "lock-open",
    "printer",
    "eye",
    "star",
    "ban",
    "bell",
    "list-check",
    "checks",
]


def fetch(package: str, version: str, folder: Path) -> Path:
    """Download one npm package and return the folder of its content."""
    name = subprocess.run(
        ["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.split()[-1]
    target = folder / Path(name).stem
    with tarfile.open(folder / name) as archive:
        archive.extractall(target, filter="data")
    return target / "package"


def sprite(folder: Path) -> str:
    """The SVG sprite: one ``<symbol id="name">`` for each of ``ICONS``, 24 × 24, drawn with the current colour."""
    symbols = []
    for name in ICONS:
        drawing = (folder / f"icons/outline/{name}.svg").read_text()
        paths = [path for path in re.findall(r"<path[^>]*/>", drawing) if 'stroke="none"' not in path]
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{"".join(paths)}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def main() -> None:
    """Fetch everything."""
    with tempfile.TemporaryDirectory() as scratch:
        for package, version, target, files in PACKAGES:
            content = fetch(package, version, Path(scratch))
            target.mkdir(parents=True, exist_ok=True)
            for source, name in files.items():
                data = (content / source).read_bytes()
                if name.endswith((".css", ".js", ".mjs")):
                    # The source maps are not kept; a link to them would only make the browser ask for a missing file.
                    data = re.sub(rb"/\*# sourceMappingURL=.*?\*/|^//# sourceMappingURL=.*$", b"", data, flags=re.MULTILINE)
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                (target / name).write_bytes(data)
            if package == "@tabler/icons":
                (target / "sprite.svg").write_text(sprite(content))


if __name__ == "__main__":
    main()
