"""The validator: named checks of whether a module keeps the contract, each in its own process.

`runner.check` runs them; `catalogue` has them all; beside it is what it runs: `static`, `lifecycle`
and `messages`.
"""
