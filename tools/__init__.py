"""What writes parts of the project; no part of the package."""
