"""Outside systems. One package each; a new one is found by its folder, nothing else has to change."""
