"""The demo's story: two banks do the main job through the same doors as anybody else."""
