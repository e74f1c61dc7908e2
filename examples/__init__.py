"""Programs that show the package at work; each stands alone."""
