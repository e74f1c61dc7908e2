"""What writes parts of the package; none of it is in the wheel."""
