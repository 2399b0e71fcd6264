"""Prints the tables."""

import os
import statistics

from targets import TARGETS, Target


def heading(versions, markdown):
    lines = [f"{os.cpu_count()} processors"]
    lines += [f"{name}: {version}" for name, version in versions.items()]
    return "\n".join(("- " if markdown else "") + line for line in lines) + "\n"


def duration(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"


def size(count):
    if count < 1e6:
        return f"{count / 1e3:.1f} kB"
    return f"{count / 1e6:.1f} MB" if count < 100e6 else f"{count / 1e6:.0f} MB"


def row_named(rows, name):
    """The row of a linker that has worked, or None."""
    return next((row for row in rows if row["linker"] == name and "failure" not in row), None)


def yardstick(rows):
    """The row that the ratios are to: lld, else the first that has worked."""
    working = [row for row in rows if "failure" not in row and row["linker"] != "cp"]
    return row_named(rows, "lld") or (working[0] if working else None)


def times(row, base):
    """Ratios of a row's wall and processor time to those of another: of minima."""
    return min(row["wall"]) / min(base["wall"]), min(row["cpu"]) / min(base["cpu"])


def cells(row, base, copy):
    """One line of the table."""
    name = row["linker"]
    if "failure" in row:
        return [name, "FAILED", row["failure"]]
    wall, cpu = times(row, base)
    line = [name, duration(min(row["wall"])), duration(statistics.median(row["wall"])),
            f"{wall:.2f}", duration(min(row["cpu"])), f"{cpu:.2f}"]
    multiple = f"{min(row['wall']) / min(copy['wall']):.1f}"
    if name == "cp":
        return line + ["", "", multiple, size(row["size"]), ""]
    note = ""
    if row["afterwards"] > 0.002:
        note = f"went on for {duration(row['afterwards'])} after its return"
    return line + [size(row["peak"]), f"{row['peak'] / base['peak']:.2f}", multiple,
                   size(row["size"]), note]


def table(title, rows, markdown):
    base = yardstick(rows)
    ratio = f"x {base['linker'] if base else 'lld'}"
    head = ["linker", "wall min", "median", ratio, "user+sys", ratio, "peak", ratio, "x cp",
            "output", ""]
    copy = next((row for row in rows if row["linker"] == "cp"), None)
    lines = [cells(row, base, copy) for row in rows]
    if markdown:
        body = [line + [""] * (len(head) - len(line)) for line in lines]
        return f"### {title}\n\n" + markdown_table(head, body)
    widths = [max(len(line[column]) for line in [head, *lines] if len(line) == len(head))
              for column in range(len(head))]
    text = [f"{title}"]
    for line in [head, *lines]:
        if len(line) == 3:
            text.append("  " + "  ".join([line[0].ljust(max(widths[0], 9)), *line[1:]]))
            continue
        padded = [line[0].ljust(max(widths[0], 9))]
        padded += [cell.rjust(width) for cell, width in zip(line[1:-1], widths[1:])]
        text.append(("  " + "  ".join(padded) + "  " + line[-1]).rstrip())
    return "\n".join(text) + "\n"


def markdown_table(head, lines):
    rule = ["---"] + ["---:"] * (len(head) - 1)
    if not head[-1]:
        rule[-1] = "---"
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, rule, *lines]) + "\n"


class Cell:
    """Figures of a table cell, each with what it is to be at most."""

    def __init__(self):
        self.texts, self.limits = [], []

    def add(self, value, limit, shown):
        """Adds a figure; one above its limit stands in bold."""
        text = shown(value)
        if limit is not None:
            self.limits.append(shown(limit))
            if value > limit:
                text = f"**{text}**"
        self.texts.append(text)
        return self

    def __str__(self):
        limits = f" ({', '.join(self.limits)})" if self.limits else ""
        return ", ".join(self.texts) + limits


def summary_line(case, weld, base, copy):
    target = TARGETS.get(case, Target(None, None))
    wall, cpu = times(weld, base)
    seconds = min(weld["wall"])
    cpu_cell = Cell().add(cpu, target.cpu, "{:.2f}".format)
    wall_cell = Cell().add(wall, target.wall, "{:.2f}".format)
    peak_cell = Cell().add(weld["peak"] / base["peak"], target.peak, "{:.2f}".format)
    if target.seconds is not None:
        wall_cell.add(seconds, target.seconds, duration)
    if target.size is not None:
        peak_cell.add(weld["peak"], target.size, size)
    return [case, str(cpu_cell), str(wall_cell), str(peak_cell),
            f"{seconds / min(copy['wall']):.1f}"]


def summary(results):
    """Markdown: weld's ratios to lld, a line for each input, with what they are to be at most."""
    lines = []
    for result in results:
        weld, base, copy = (row_named(result["rows"], name) for name in ("weld", "lld", "cp"))
        if weld and base:
            lines.append(summary_line(result["case"], weld, base, copy))
        else:
            lines.append([result["case"], "FAILED", "", "", ""])
    head = ["input", "CPU x lld (target)", "wall x lld (target)", "peak x lld (target)", "x cp"]
    return markdown_table(head, lines)
