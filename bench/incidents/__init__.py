"""The incident benchmark: scenarios on the embedded account's virtual clock, scored against truth.

`scenario` is the model of a YAML file, `loading` reads it, `drawing` makes a case of it for a seed,
`stage` sets a world and a workbench up, `playing` drives the product through the case, `judging`
and `scoring` compare with the truth, `running` spreads cases over processes, `report` says it all.
"""
