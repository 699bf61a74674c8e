"""The benchmark: this package's paths beside other ways of doing the same work.

`clock` and `sampling` take the time, `compiling` makes the native parts, `peers` are the ways,
`paths` what is measured, `report` what is written of it. `running` puts them together.
"""
