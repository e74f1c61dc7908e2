"""The rows of a job, and what a row in doubt means: below all that runs jobs."""
