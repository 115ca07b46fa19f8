"""Scenes: schedules that seeds meet rarely or never, played on purpose against the real use cases.

The loser in the middle of the winner's call, failures at every position of a batch, a clock that moves inside it,
windows that are crossed, caches under traffic, codes that two postings share. Each raises Violation where an invariant
does not hold. They are tests by themselves, and what catches the seeded bugs of `bugs/of_*.py`.
"""
