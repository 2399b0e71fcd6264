"""Prints the tables."""

import os


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


def yardstick(rows):
    """The row that the ratios are to: lld, else the first that has worked."""
    working = [row for row in rows if "failure" not in row and row["linker"] != "cp"]
    return next((row for row in working if row["linker"] == "lld"), working[0] if working else None)


def cells(row, base, copy):
    """One line of the table; the ratios are of minima."""
    name = row["linker"]
    if "failure" in row:
        return [name, "FAILED", row["failure"]]
    line = [name, duration(row["minimum"]), duration(row["median"]),
            f"{row['minimum'] / base['minimum']:.2f}", f"{row['minimum'] / copy['minimum']:.1f}"]
    if name == "cp":
        return line + ["", "", "", size(row["size"]), ""]
    note = ""
    if row["afterwards"] > 0.002:
        note = f"went on for {duration(row['afterwards'])} after its return"
    return line + [
        duration(row["user"] + row["system"]), size(row["peak"]),
        f"{row['peak'] / base['peak']:.2f}", size(row["size"]), note]


def table(title, rows, markdown):
    base = yardstick(rows)
    head = ["linker", "min", "median", f"x {base['linker'] if base else 'lld'}", "x cp",
            "user+sys", "peak", "x peak", "output", ""]
    copy = next((row for row in rows if row["linker"] == "cp"), None)
    lines = [cells(row, base, copy) for row in rows]
    if markdown:
        body = [head, ["---"] + ["---:"] * 8 + ["---"]]
        body += [line + [""] * (len(head) - len(line)) for line in lines]
        return f"### {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in body) + "\n"
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
