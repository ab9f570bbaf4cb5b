"""Mathematics of the workbench: arrays in, arrays out; no frames, no files, no labels."""
