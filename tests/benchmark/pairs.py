"""Measurements in turn, and what they come to."""
import statistics
import sys


def in_turn(programs, rounds, more=()):
    """[{name: measurement}], a dictionary a round; each round starts each program once, every other round backwards."""
    taken = []
    for number in range(rounds):
        order = programs if number % 2 == 0 else list(reversed(programs))
        taken.append({program.name: program.measure(more) for program in order})
        print(f"  round {number + 1} of {rounds}", file=sys.stderr)
    return taken


def ratio(taken, ours, theirs, value="images_per_second"):
    """Ours over theirs: the median of the rounds' ratios, the lowest and the highest."""
    ratios = [one[ours][value] / one[theirs][value] for one in taken]
    return {"ours": ours, "theirs": theirs,
            "our_value": statistics.median(one[ours][value] for one in taken),
            "their_value": statistics.median(one[theirs][value] for one in taken),
            "ratio": statistics.median(ratios), "lowest": min(ratios), "highest": max(ratios), "pairs": len(ratios)}


def table(comparisons, unit, digits=1):
    lines = [f"| rxrun | against | its {unit} | ours | ratio | lowest | highest | pairs |",
             "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for one in comparisons:
        lines.append(f"| {one['ours']} | {one['theirs']} | {one['their_value']:.{digits}f} | {one['our_value']:.{digits}f} "
                     f"| {one['ratio']:.2f} | {one['lowest']:.2f} | {one['highest']:.2f} | {one['pairs']} |")
    return "\n".join(lines)
